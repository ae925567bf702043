/** Promise 1 and 2: a hold lasts as long as it was promised, ends by a decision or in time, once. */
import type { AgreementPart, PartRecord } from '@sparegrid/core/agreement/records';
import type { HubId, PartId } from '@sparegrid/core/units/ids';
import type { Commit, HubMirror } from './mirror.ts';
import type { Model } from './model.ts';

/** How far past its end a hold may still be on record after a step. */
const LATE_MS = 200;

export class Holds {
  readonly #model: Model;
  readonly #held = new Map<PartId, { hub: HubMirror; untilMs: number }>();

  /** Elapsed time by which a hub's life decides again, whether or not it heard a peer. */
  readonly #sureAtMs = new Map<HubId, number>();

  constructor(model: Model) {
    this.#model = model;
  }

  /** A life begins: nothing is decided before the word of a peer, or the time for it is over. */
  started(hub: HubId, elapsedMs: number): void {
    this.#sureAtMs.set(hub, elapsedMs + this.#model.timing.hubStaleMs);
  }

  /** An older copy of the hub's store was put back: its deadlines wait until it serves again. */
  putBack({ id, records }: HubMirror): void {
    for (const [part, { hub }] of this.#held) if (hub.id === id) this.#held.delete(part);
    this.#follow(id, records.part.values());
  }

  /** The hub learned its past: a part that it held may have been decided, or be held anew. */
  learned({ hub, changes }: Commit): void {
    this.#follow(
      hub.id,
      changes.part.map(({ after }) => after),
    );
  }

  #follow(hub: HubId, parts: Iterable<PartRecord>): void {
    for (const { id, state, heldAtMs, terms } of parts) {
      if (state !== 'held') this.#held.delete(id);
      else this.#held.set(id, { hub: this.#model.hub(hub), untilMs: heldAtMs + terms.holdMs });
    }
  }

  check(commit: Commit): void {
    for (const { key, before, after } of commit.changes.part) {
      if (after.state === 'held') {
        const untilMs = after.heldAtMs + after.terms.holdMs;
        this.#held.set(key, { hub: commit.hub, untilMs });
      } else {
        this.#held.delete(key);
      }
      const released = after.state === 'ended' && before?.state !== 'ended';
      if (released) this.#checkRelease(commit.hub, after);
    }
    for (const [id, { hub, untilMs }] of this.#held) {
      const dueMs = Math.max(untilMs, this.#sureAtMs.get(hub.id) ?? 0);
      if (hub === commit.hub && !hub.isBehind && commit.now.elapsedMs > dueMs + LATE_MS) {
        const detail = `held until ${untilMs}, it is ${commit.now.elapsedMs}`;
        this.#model.violate('hold.overdue', hub.id, id, detail);
      }
    }
  }

  #checkRelease(hub: HubMirror, part: PartRecord): void {
    const { id, outcome, activeAtMs, heldAtMs, endedAtMs, terms } = part;
    if (outcome === 'AGREEMENT_HOLD_EXPIRED') {
      if (activeAtMs !== null) {
        this.#model.violate('hold.expired-active', hub.id, id, 'the part had been activated');
      }
      const heldMs = (endedAtMs ?? 0) - heldAtMs;
      if (heldMs < terms.holdMs) {
        this.#model.violate('hold.too-short', hub.id, id, `${heldMs} of ${terms.holdMs} ms`);
      }
    } else if (activeAtMs === null && !this.#wasDecided(part)) {
      this.#model.violate('hold.dropped', hub.id, id, `${outcome} without the first hub’s word`);
    }
  }

  /** The first hub decided against the part, or knows nothing of it and has said so durably. */
  #wasDecided({ id, terms }: PartRecord): boolean {
    const first = this.#model.hub(terms.firstHub);
    if (first.records.tombstone.has(`first ${id}`)) return true;
    const agreement = first.known('agreement', terms.agreement);
    if (!agreement) return false;
    const part = agreement.parts[terms.part];
    return agreement.state === 'aborted' || (part !== undefined && isDropped(part));
  }
}

function isDropped({ status, endCode }: AgreementPart): boolean {
  return status === 'refused' || status === 'closed' || status === 'ended' || endCode !== null;
}
