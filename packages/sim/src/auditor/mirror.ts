/** The auditor's own picture of a hub's store, built only from the text of committed writes. */
import type {
  AgreementPart,
  AgreementRecord,
  PartRecord,
  PartTombstone,
} from '@sparegrid/core/agreement/records';
import type { AdmissionRecord } from '@sparegrid/core/hub/admission';
import type { RegistryRecord } from '@sparegrid/core/hub/subnet';
import type { OrderRecord } from '@sparegrid/core/order/order-record';
import type { Now, Write } from '@sparegrid/core/step';
import type { SignedDocument } from '@sparegrid/core/units/document';
import type { HubId, ParticipantId } from '@sparegrid/core/units/ids';
import type { Names } from './names.ts';
import { parseStored, readRecord } from './stored-text.ts';
import type { Violate } from './violations.ts';

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
export type Records = { [Name in keyof Tables]: Map<string, Tables[Name]> };

/** What the mirror knew at one moment. */
export interface MirrorMemory {
  records: Records;
  expelled: ReadonlySet<ParticipantId>;
  now: Now;
  leftAtMs: ReadonlyMap<string, number>;
  ended: ReadonlyMap<string, number>;
  deleted: ReadonlySet<string>;
}

/** What one transaction of a hub changed. */
export interface Commit {
  hub: HubMirror;
  now: Now;
  changes: Changes;
  /** Keys of mirrored tables that were deleted. */
  deleted: string[];
  /** Table and key of every write. */
  written: { table: string; key: string; isGone: boolean }[];
}

const NAMES = ['order', 'agreement', 'part', 'tombstone', 'registry', 'log-position'] as const;

export class HubMirror {
  readonly id: HubId;
  records: Records = noRecords();
  /** What was on record before an older copy was put back; the latest of each. */
  readonly lost: Records = noRecords();
  /** An older copy was put back, and the hub has not learned its past again. */
  isBehind = false;
  /** Lessors whose agents have not told what they run since the hub lost some of its past. */
  readonly unchecked = new Set<ParticipantId>();
  /** Participants that are expelled by what is on record. */
  expelled = new Set<ParticipantId>();
  now: Now = { elapsedMs: 0, wallMs: 0 };
  /** When records left memory, by table and key, on the hub's elapsed clock. */
  leftAtMs = new Map<string, number>();
  /** What the hub noted to be deleted one day: when it noted that, by kind and id. */
  ended = new Map<string, number>();
  /** Table and key of what was deleted. */
  deleted = new Set<string>();

  readonly #names: Names;
  readonly #violate: Violate;

  constructor(id: HubId, names: Names, violate: Violate) {
    this.id = id;
    this.#names = names;
    this.#violate = violate;
  }

  /** Records are replaced, never changed: their tables are all that must be copied. */
  remember(): MirrorMemory {
    const { expelled, now, leftAtMs, ended, deleted } = this;
    return {
      records: copyOf(this.records),
      expelled: new Set(expelled),
      now,
      leftAtMs: new Map(leftAtMs),
      ended: new Map(ended),
      deleted: new Set(deleted),
    };
  }

  /** An older copy of the store was put back. */
  putBack({ records, expelled, now, leftAtMs, ended, deleted }: MirrorMemory): void {
    for (const name of NAMES) {
      for (const [key, record] of this.records[name]) this.lost[name].set(key, record as never);
    }
    this.records = copyOf(records);
    this.expelled = new Set(expelled);
    this.now = now;
    this.leftAtMs = new Map(leftAtMs);
    this.ended = new Map(ended);
    this.deleted = new Set(deleted);
    for (const [owner, registry] of this.records.registry) this.#learn(owner, registry);
    this.isBehind = true;
  }

  /** What this hub once made durable, whatever became of its store: others may build on it. */
  known<Name extends keyof Tables>(name: Name, key: string): Tables[Name] | undefined {
    const [first, second] = this.isBehind ? [this.lost, this.records] : [this.records, this.lost];
    return first[name].get(key) ?? second[name].get(key);
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
    this.#learnNames(writes);
    const deleted: string[] = [];
    for (const write of writes) {
      if (write.table === 'admission' && write.text !== null) this.#admission(write);
      if (write.table === 'unchecked') {
        if (write.text === null) this.unchecked.delete(write.key);
        else this.unchecked.add(write.key);
      }
      if (write.table === 'ended') this.#noteEnded(write, now.elapsedMs);
      for (const name of NAMES) {
        const isProgress = write.table === `${name}-progress`;
        if (write.table !== name && !isProgress) continue;
        // What was written beside a record goes when all of it is written again.
        if (write.text === null && isProgress) continue;
        const id = `${name} ${write.key}`;
        if (write.text === null) {
          deleted.push(id);
          this.deleted.add(id);
          continue;
        }
        if (isProgress) this.#advance(name, write.key, write.text, changes);
        else this.#take(name, write.key, write.text, changes);
        if (write.live) this.leftAtMs.delete(id);
        else if (!this.leftAtMs.has(id)) this.leftAtMs.set(id, now.elapsedMs);
      }
    }
    const written = writes.map(({ table, key, text }) => ({ table, key, isGone: text === null }));
    return { hub: this, now, changes, deleted, written };
  }

  #noteEnded({ key, text }: Write, atMs: number): void {
    const id = key.slice(key.indexOf(' ') + 1);
    if (text === null) this.ended.delete(id);
    else this.ended.set(id, atMs);
  }

  /** Names first: whatever else the transaction says may use them. */
  #learnNames(writes: readonly Write[]): void {
    for (const { table, key, text } of writes) {
      if (table !== 'registry' || text === null) continue;
      this.#learn(key, parseStored<RegistryRecord>(text));
    }
  }

  #learn(owner: ParticipantId, registry: RegistryRecord): void {
    const wrong = this.#names.learn(owner, registry);
    if (wrong) this.#violate('name.wrong', this.id, owner, wrong);
  }

  /** Records as if nobody bore a pseudonym; what was signed stays as it is. */
  #resolved<Name extends keyof Tables>(name: Name, record: Tables[Name]): Tables[Name] {
    if (name === 'part') {
      const part = record as PartRecord;
      part.terms = this.#names.resolved(part.terms);
    } else if (name === 'agreement') {
      const agreement = record as AgreementRecord;
      const lessee = this.records.order.get(agreement.order)?.order.lessee;
      for (const part of agreement.parts) {
        const wrong = lessee && this.#names.learnLessee(part.terms.lessee, lessee);
        if (wrong) this.#violate('name.wrong', this.id, agreement.id, wrong);
        part.terms = this.#names.resolved(part.terms);
      }
    }
    return record;
  }

  #admission({ key, text }: Write): void {
    const { expelledAtMs } = parseStored<AdmissionRecord>(text as string);
    if (expelledAtMs !== null) this.expelled.add(key);
  }

  #take<Name extends keyof Tables>(name: Name, key: string, text: string, changes: Changes): void {
    const records = this.records[name];
    const before = records.get(key);
    const after = this.#resolved(name, readRecord<Tables[Name]>(name, text));
    records.set(key, after);
    changes[name].push({ key, before, after });
  }

  /** Members that changed count above those of the record as it was written. */
  #advance<Name extends keyof Tables>(
    name: Name,
    key: string,
    text: string,
    changes: Changes,
  ): void {
    const before = this.records[name].get(key);
    if (!before) return this.#violate('record.progress-of-none', this.id, key, name);
    const after = { ...before, ...parseStored<Partial<Tables[Name]>>(text) };
    if (name === 'agreement') {
      const was = (before as AgreementRecord).parts;
      const agreement = after as AgreementRecord;
      agreement.parts = agreement.parts.map((part, number) => {
        const { signatures, ...progress } = part as AgreementPart & {
          signatures: SignedDocument['signatures'];
        };
        const { terms, document } = was[number] as AgreementPart;
        return { ...progress, terms, document: { ...document, signatures } };
      });
    }
    this.records[name].set(key, after);
    changes[name].push({ key, before, after });
  }
}

function noRecords(): Records {
  return {
    order: new Map(),
    agreement: new Map(),
    part: new Map(),
    tombstone: new Map(),
    registry: new Map(),
    'log-position': new Map(),
  };
}

function copyOf(records: Records): Records {
  return {
    order: new Map(records.order),
    agreement: new Map(records.agreement),
    part: new Map(records.part),
    tombstone: new Map(records.tombstone),
    registry: new Map(records.registry),
    'log-position': new Map(records['log-position']),
  };
}
