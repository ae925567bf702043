/** Restart decisions of a target hub: which container of a part is started again, and when. */
import type { PartRecord, Restart } from '../agreement/records.ts';
import type { TargetParts } from '../agreement/target-hub.ts';
import type { ContainerStatus } from '../messages.ts';
import { DEFAULT_RESTARTS } from '../order/buy-order.ts';
import type { PartId } from '../units/ids.ts';
import type { HubContext } from './context.ts';

/** The first wait before a restart; it doubles with every further one. */
export const RESTART_WAIT_MS = 1_000;
export const RESTART_WAIT_MS_MAX = 60_000;

/** Ends that another try may mend; everything else was decided by somebody. */
const MENDABLE: ReadonlySet<ContainerStatus['reason']> = new Set([
  'exit',
  'start-failed',
  'out-of-memory',
  'out-of-storage',
]);

/** @patent [0060] C3.1 CLU-5 */
export class Restarts {
  readonly #context: HubContext;
  readonly #parts: TargetParts;

  constructor(context: HubContext, parts: TargetParts) {
    this.#context = context;
    this.#parts = parts;
  }

  restore(part: PartRecord): void {
    if (part.state !== 'ended') this.#schedule(part);
  }

  /**
   * A container of the part has failed.
   *
   * @param status  of its present attempt.
   * @returns true when it is (going to be) started again, so that the part goes on.
   */
  takes(part: PartRecord, replica: number, status: ContainerStatus): boolean {
    const known = restartOf(part, replica);
    if (known?.dueAtMs != null) return true;
    const attempt = known?.attempt ?? 0;
    const hasRun = status.started || part.state === 'running';
    const limit = part.terms.task.public.restarts ?? DEFAULT_RESTARTS;
    if (!hasRun || !MENDABLE.has(status.reason) || attempt >= limit) return false;
    const waitMs = Math.min(RESTART_WAIT_MS * 2 ** Math.min(attempt, 16), RESTART_WAIT_MS_MAX);
    const dueAtMs = this.#context.now().elapsedMs + waitMs;
    if (dueAtMs >= leaseEndMs(part)) return false;
    if (known) known.dueAtMs = dueAtMs;
    else part.restarts.push({ replica, attempt: 0, dueAtMs });
    this.#parts.restartsChanged(part);
    this.#schedule(part);
    return true;
  }

  /** Orders what is due; a part that is stopping has nothing started again. */
  wake(id: PartId): void {
    const part = this.#parts.parts.get(id);
    if (!part || (part.state !== 'active' && part.state !== 'running')) return;
    const nowMs = this.#context.now().elapsedMs;
    // Both times may have come while the hub stood still.
    if (nowMs >= leaseEndMs(part)) return;
    const due = part.restarts.filter(({ dueAtMs }) => dueAtMs !== null && dueAtMs <= nowMs);
    for (const restart of due) {
      restart.attempt += 1;
      restart.dueAtMs = null;
    }
    if (due.length > 0) this.#parts.restartsChanged(part);
    this.#schedule(part);
  }

  #schedule(part: PartRecord): void {
    const next = Math.min(...part.restarts.map(({ dueAtMs }) => dueAtMs ?? Infinity));
    if (Number.isFinite(next)) this.#context.wakeAt(`restart ${part.id}`, next);
  }
}

function leaseEndMs({ runningAtMs, terms }: PartRecord): number {
  return runningAtMs === null ? Infinity : runningAtMs + terms.durationMs;
}

export function restartOf(part: PartRecord, replica: number): Restart | undefined {
  return part.restarts.find((restart) => restart.replica === replica);
}
