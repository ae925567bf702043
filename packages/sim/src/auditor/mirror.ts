/** The auditor's own picture of a hub's store, built only from the text of committed writes. */
import type { AgreementRecord, PartRecord, PartTombstone } from '@sparegrid/core/agreement/records';
import type { RegistryRecord } from '@sparegrid/core/hub/subnet';
import type { OrderRecord } from '@sparegrid/core/order/order-record';
import type { Now, Write } from '@sparegrid/core/step';
import type { HubId } from '@sparegrid/core/units/ids';
import { parseStored } from './stored-text.ts';

/** A record before and after one commit. */
export interface Change<T> {
  key: string;
  before: T | undefined;
  after: T;
}

export interface Tables {
  order: OrderRecord;
  agreement: AgreementRecord;
  part: PartRecord;
  tombstone: PartTombstone;
  registry: RegistryRecord;
  'log-position': { seq: number };
}

type Changes = { [Name in keyof Tables]: Change<Tables[Name]>[] };
type Records = { [Name in keyof Tables]: Map<string, Tables[Name]> };

/** What one transaction of a hub changed. */
export interface Commit {
  hub: HubMirror;
  now: Now;
  changes: Changes;
  /** Keys of mirrored tables that were deleted. */
  deleted: string[];
  /** Table and key of every write. */
  written: { table: string; key: string }[];
}

const NAMES = ['order', 'agreement', 'part', 'tombstone', 'registry', 'log-position'] as const;

export class HubMirror {
  readonly id: HubId;
  readonly records: Records = {
    order: new Map(),
    agreement: new Map(),
    part: new Map(),
    tombstone: new Map(),
    registry: new Map(),
    'log-position': new Map(),
  };
  now: Now = { elapsedMs: 0, wallMs: 0 };

  constructor(id: HubId) {
    this.id = id;
  }

  /** Takes over one committed transaction. Records that only left memory stay. */
  commit(writes: readonly Write[], now: Now): Commit {
    this.now = now;
    const changes: Changes = {
      order: [],
      agreement: [],
      part: [],
      tombstone: [],
      registry: [],
      'log-position': [],
    };
    const deleted: string[] = [];
    for (const write of writes) {
      for (const name of NAMES) {
        if (write.table !== name) continue;
        if (write.text === null) deleted.push(`${name} ${write.key}`);
        else this.#take(name, write.key, write.text, changes);
      }
    }
    const written = writes.map(({ table, key }) => ({ table, key }));
    return { hub: this, now, changes, deleted, written };
  }

  #take<Name extends keyof Tables>(name: Name, key: string, text: string, changes: Changes): void {
    const records = this.records[name];
    const before = records.get(key);
    const after = parseStored<Tables[Name]>(text);
    records.set(key, after);
    changes[name].push({ key, before, after });
  }
}
