/**
 * What a hub may lose with an older copy of its store, and what not: until it has learned its past it
 * decides nothing; what both hubs of a part signed comes back from the other one, and nothing else.
 */
import type { AgreementRecord } from '@sparegrid/core/agreement/records';
import { type AgreementId, type HubId, type PartId, partIdOf } from '@sparegrid/core/units/ids';
import type { Commit, HubMirror } from './mirror.ts';
import type { Model } from './model.ts';

/** A part between the hub and another one, as that other one has it on record. */
interface Due {
  other: HubMirror;
  agreement: AgreementId;
  part: number;
  payload: string;
}

export class Restores {
  readonly #model: Model;
  /** What must be on record once the hub serves again; from when it noticed. */
  readonly #due = new Map<HubId, { asTarget: Due[]; asFirst: Due[] }>();
  /** Texts that each hub ever had on record of a part, by hub and part. */
  readonly #signed = new Set<string>();
  #recovered = 0;

  constructor(model: Model) {
    this.#model = model;
  }

  /** How often a hub learned its past again. */
  get recovered(): number {
    return this.#recovered;
  }

  isBehind(hub: HubId): boolean {
    return this.#model.hub(hub).isBehind;
  }

  /** The hub says that its store lost some of its past. */
  noticed(hub: HubId): void {
    if (!this.isBehind(hub)) {
      this.#model.violate('recovery.unproven', hub, hub, 'its store has all of its past');
      return;
    }
    const others = [...this.#model.hubs.values()].filter(({ id }) => id !== hub);
    this.#due.set(hub, {
      asTarget: others.flatMap((other) => dueToTarget(hub, other)),
      asFirst: others.flatMap((other) => dueToFirst(hub, other)),
    });
  }

  /** Of a hub that knows its past. */
  follow({ hub, changes }: Commit): void {
    for (const { key, after } of changes.part) {
      this.#signed.add(`${hub.id} ${key} ${after.document.payload}`);
    }
    for (const { key, after } of changes.agreement) {
      for (const [number, { document }] of after.parts.entries()) {
        this.#signed.add(`${hub.id} ${key}.${number} ${document.payload}`);
      }
    }
  }

  /** A transaction of a hub that is behind; true when it is the one that makes one past of all. */
  committed(commit: Commit): boolean {
    const { hub, changes, written } = commit;
    const isRecovery = written.some(
      ({ table, key, isGone }) => table === 'meta' && key === 'recovery' && isGone,
    );
    if (!isRecovery) {
      for (const { key } of [...changes.part, ...changes.agreement]) {
        this.#wrong('decided', hub.id, key, 'on record before it had learned its past');
      }
      return false;
    }
    this.#recovered += 1;
    hub.isBehind = false;
    this.#checkTrue(commit);
    this.#checkComplete(hub);
    return true;
  }

  /** Nothing is said about agreements that the hub may know wrongly. */
  spoke(hub: HubId, id: string, type: string): void {
    if (this.isBehind(hub)) this.#wrong('decided', hub, id, `${type} before it learned its past`);
  }

  /** Nothing is taken over that this hub never signed, nor with other terms. */
  #checkTrue({ hub, changes }: Commit): void {
    for (const { key, after } of changes.part) {
      if (!this.#signed.has(`${hub.id} ${key} ${after.document.payload}`)) {
        this.#wrong('made-up', hub.id, key, 'it never froze that');
      }
    }
    for (const { key, after } of changes.agreement) {
      for (const [number, part] of after.parts.entries()) {
        // Of parts that nobody told of, only their place is known.
        const isUntold = part.outcome === null || part.outcome === 'LEASE_HUB_LOST';
        const isTold = part.status !== 'asked' && !(isUntold && part.status !== 'running');
        const text = `${hub.id} ${key}.${number} ${part.document.payload}`;
        if (isTold && !this.#signed.has(text)) {
          this.#wrong('made-up', hub.id, `${key}.${number}`, 'it never agreed to that');
        }
      }
    }
  }

  #checkComplete({ id, records }: HubMirror): void {
    const { asTarget, asFirst } = this.#due.get(id) ?? { asTarget: [], asFirst: [] };
    for (const { other, agreement, part, payload } of asTarget) {
      if (isDropped(other.known('agreement', agreement), part)) continue;
      const name = partIdOf(agreement, part);
      if (records.part.get(name)?.document.payload !== payload) {
        this.#wrong('forgotten', id, name, `${other.id} has its signature on it`);
      }
    }
    for (const { other, agreement, part, payload } of asFirst) {
      const record = records.agreement.get(agreement);
      const known = record?.parts[part];
      const isDecided = record && record.state !== 'preparing' && record.state !== 'aborted';
      if (!isDecided || known?.document.payload !== payload) {
        const detail = `${other.id} was told that it is decided; here ${record?.state}`;
        this.#wrong('forgotten', id, partIdOf(agreement, part), detail);
      }
    }
  }

  #wrong(what: string, hub: HubId, id: AgreementId | PartId, detail: string): void {
    this.#model.violate(`recovery.${what}`, hub, id, detail);
  }

  *unsettled(): Generator<readonly [string, string, string, string]> {
    for (const { id, isBehind } of this.#model.hubs.values()) {
      if (isBehind) yield ['end.not-recovered', id, id, 'its store is still an older copy'];
    }
  }
}

/** Parts that this hub voted for, as their first hubs have it. */
function dueToTarget(hub: HubId, other: HubMirror): Due[] {
  return [...other.records.agreement.values()].flatMap(({ id, state, parts }) =>
    parts.flatMap(({ terms, status, settled, document }, part): Due[] => {
      const isBound = status === 'yes' || status === 'started' || status === 'running';
      const isOpen = isBound || (status === 'ended' && !settled);
      if (terms.targetHub !== hub || state === 'aborted' || !isOpen) return [];
      return [{ other, agreement: id, part, payload: document.payload }];
    }),
  );
}

/** Parts that this hub decided on, as their target hubs were told. */
function dueToFirst(hub: HubId, other: HubMirror): Due[] {
  return [...other.records.part.values()].flatMap(
    ({ terms, activeAtMs, settledMicro, document }): Due[] => {
      if (terms.firstHub !== hub || activeAtMs === null || settledMicro !== null) return [];
      const { agreement, part } = terms;
      return [{ other, agreement, part, payload: document.payload }];
    },
  );
}

function isDropped(agreement: AgreementRecord | undefined, part: number): boolean {
  const status = agreement?.parts[part]?.status;
  return agreement?.state === 'aborted' || status === 'refused' || status === 'closed';
}
