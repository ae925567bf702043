/** A lease ends in time, whatever became of its lessor: what ran is billed, and its place is free again. */
import type { PartRecord } from '@sparegrid/core/agreement/records';
import type { HubId, PartId } from '@sparegrid/core/units/ids';
import type { Commit, HubMirror } from './mirror.ts';
import type { Model } from './model.ts';

/** How far past its end a lease may still be on record after a step. */
const LATE_MS = 200;

export class Leases {
  readonly #model: Model;
  readonly #running = new Map<HubId, Map<PartId, PartRecord>>();
  /** Elapsed time since which a hub's life knows who is silent: it has heard nobody before. */
  readonly #listensAtMs = new Map<HubId, number>();

  constructor(model: Model) {
    this.#model = model;
  }

  started(hub: HubId, elapsedMs: number): void {
    this.#listensAtMs.set(hub, elapsedMs + this.#model.timing.hubStaleMs);
  }

  /** What runs by the copy; the rest comes back when the hub has learned its past. */
  putBack({ id, records }: HubMirror): void {
    const parts = [...records.part].filter(([, part]) => isRunning(part));
    this.#running.set(id, new Map(parts));
  }

  check({ hub, now, changes }: Commit): void {
    const running = this.#running.get(hub.id) ?? new Map<PartId, PartRecord>();
    this.#running.set(hub.id, running);
    for (const { key, after } of changes.part) {
      if (isRunning(after)) running.set(key, after);
      else running.delete(key);
    }
    // Until it has learned its past it ends nothing; then it hears its agents anew.
    if (hub.isBehind) return this.started(hub.id, now.elapsedMs);
    for (const [id, part] of running) {
      const endMs = this.#endMs(hub.id, part);
      if (now.elapsedMs <= endMs) continue;
      const detail = `${part.state}, to end by ${endMs}, it is ${now.elapsedMs}`;
      this.#model.violate('lease.overdue', hub.id, id, detail);
    }
  }

  /**
   * Any report that comes late enough ends a lease. Without one its lessor is lost, so long after the
   * last one as the order allows.
   */
  #endMs(hub: HubId, { runningAtMs, terms }: PartRecord): number {
    const { stopTimeMs, frameTtlMs, heartbeatMs } = this.#model.timing;
    const reportMs = (runningAtMs ?? 0) + terms.durationMs + stopTimeMs + frameTtlMs;
    const heardMs = Math.max(reportMs, this.#listensAtMs.get(hub) ?? 0);
    const { stopAfterMs } = terms.disconnect;
    return heardMs + stopAfterMs + stopTimeMs + 2 * heartbeatMs + LATE_MS;
  }
}

function isRunning({ runningAtMs, state }: PartRecord): boolean {
  return runningAtMs !== null && state !== 'ended';
}
