/** Tells of refused frames, of the same reason and sender once a minute: whoever is refused tries again. */
import type { RefusalCode } from '@sparegrid/core/refusals';
import type { NodeId } from '@sparegrid/core/units/ids';
import { Recent } from '../recent.ts';
import type { Logger } from './logger.ts';

/** After a line the next one of its kind comes at the earliest. */
const QUIET_MS = 60_000;
/** Kinds that are kept: anybody may call himself anything. */
const KINDS_MAX = 256;

export interface Refused {
  from: NodeId;
  code: RefusalCode;
  hint: string;
}

export class RefusalLog {
  readonly #logger: Logger;
  readonly #nowMs: () => number;
  readonly #told = new Recent<{ atMs: number; unsaid: number }>(KINDS_MAX);

  /** @param nowMs  of a clock that never goes back. */
  constructor(logger: Logger, nowMs = () => performance.now()) {
    this.#logger = logger;
    this.#nowMs = nowMs;
  }

  /** `more`: so many like it since the line before. */
  refused({ from, code, hint }: Refused): void {
    const kind = `${code} ${from}`;
    const [last, atMs] = [this.#told.get(kind), this.#nowMs()];
    if (last && atMs < last.atMs + QUIET_MS) {
      last.unsaid += 1;
      return;
    }
    const more = last?.unsaid ?? 0;
    this.#told.set(kind, { atMs, unsaid: 0 });
    this.#logger.warn('frame.refused', { from, code, hint, ...(more > 0 && { more }) });
  }
}
