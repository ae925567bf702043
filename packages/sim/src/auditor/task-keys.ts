/** Promise 8: nothing starts without the key that its lessee released for it, and that key never changes. */
import type { AgreementRecord, PartRecord } from '@sparegrid/core/agreement/records';
import type { DesiredContainer } from '@sparegrid/core/messages';
import type { PartId, ParticipantId } from '@sparegrid/core/units/ids';
import type { Change, Commit } from './mirror.ts';
import type { Model } from './model.ts';

export class TaskKeys {
  readonly #model: Model;
  /** Every release that a lessee ever made, by part. */
  readonly #released = new Map<PartId, Set<string>>();
  /** The one that was on record first at either hub: there is no second one. */
  readonly #accepted = new Map<PartId, string>();

  constructor(model: Model) {
    this.#model = model;
  }

  /** A lessee is about to release a key. */
  released(part: PartId, release: string): void {
    this.#released.set(part, (this.#released.get(part) ?? new Set()).add(release));
  }

  /** An agent orders its runtime to start a container. */
  ordered(agent: ParticipantId, { id, part, taskPrivate, release }: DesiredContainer): void {
    if (taskPrivate === null) return;
    if (release === null) this.#model.violate('key.started-without', agent, id, 'no release');
    else if (this.#accepted.get(part) !== release) {
      this.#model.violate('key.started-with-another', agent, id, 'not the one on record');
    }
  }

  check({ hub, changes }: Commit): void {
    for (const change of changes.agreement) this.#checkAgreement(hub.id, change);
    for (const change of changes.part) this.#checkPart(hub.id, change);
  }

  #checkAgreement(hub: string, { key, before, after }: Change<AgreementRecord>): void {
    for (const [number, part] of after.parts.entries()) {
      const id = `${key}.${number}`;
      const was = before?.parts[number]?.release ?? null;
      if (was !== null && part.release !== was) {
        this.#model.violate('key.changed', hub, id, 'another release than before');
      }
      if (part.release !== null) this.#accept(hub, id, part.release);
      const endedNow = part.outcome === 'LEASE_KEY_MISSING' && part.status === 'ended';
      // The target hub may not have heard of a release that was made in the last moment.
      if (endedNow && part.release !== null && this.#hasKey(part.terms.targetHub, id)) {
        this.#model.violate('key.missing-untrue', hub, id, 'it had been released');
      }
    }
  }

  #hasKey(hub: string, id: PartId): boolean {
    return (this.#model.hub(hub).known('part', id)?.release ?? null) !== null;
  }

  #checkPart(hub: string, { key, before, after }: Change<PartRecord>): void {
    const was = before?.release ?? null;
    if (was !== null && after.release !== was && after.state !== 'ended') {
      this.#model.violate('key.changed', hub, key, 'another release than before');
    }
    if (after.release !== null) this.#accept(hub, key, after.release);
    const hasStarted = after.started && !before?.started;
    if (hasStarted && after.taskPrivate !== null && after.release === null) {
      this.#model.violate('key.started-without', hub, key, 'reported started');
    }
    const isStopped = after.outcome === 'LEASE_KEY_MISSING' && before?.outcome !== after.outcome;
    if (isStopped && before?.release != null) {
      this.#model.violate('key.missing-untrue', hub, key, 'the key was there');
    }
    const isGraceOver = after.outcome === 'LEASE_START_GRACE' && before?.outcome !== after.outcome;
    // After a standstill the key and the end of the grace may come in one step.
    const isKeyless = before?.state === 'active' && after.release === null && was === null;
    if (
      isGraceOver &&
      isKeyless &&
      before.taskPrivate !== null &&
      after.stoppedAtMs !== null &&
      after.endedAtMs === null
    ) {
      const terms = after.terms;
      const agreement = this.#model.agreementAtFirst(terms);
      // The first hub names the reason for all parts when it ends them.
      if (agreement?.parts[terms.part]?.endCode !== 'LEASE_START_GRACE') {
        this.#model.violate('key.missing-unsaid', hub, key, 'ended for the start grace');
      }
    }
  }

  /** Who had it lost it with some of its past, and nobody else ever got it: another one may be made. */
  #isForgotten(id: PartId, release: string): boolean {
    const hubs = [...this.#model.hubs.values()];
    const hasIt = hubs.some(({ records }) => {
      if (records.part.get(id)?.release === release) return true;
      const at = id.lastIndexOf('.');
      const agreement = records.agreement.get(id.slice(0, at));
      return agreement?.parts[Number(id.slice(at + 1))]?.release === release;
    });
    return !hasIt && hubs.some(({ lost }) => lost.order.size > 0 || lost.part.size > 0);
  }

  /** Both hubs hold the same release, and it is one that the lessee made. */
  #accept(hub: string, part: PartId, release: string): void {
    const accepted = this.#accepted.get(part);
    const isForgotten = accepted !== undefined && this.#isForgotten(part, accepted);
    if (accepted === undefined || isForgotten) this.#accepted.set(part, release);
    else if (accepted !== release) {
      this.#model.violate('key.two-accepted', hub, part, 'two releases of one part');
    }
    if (!this.#released.get(part)?.has(release)) {
      this.#model.violate('key.made-up', hub, part, 'its lessee never released that');
    }
  }
}
