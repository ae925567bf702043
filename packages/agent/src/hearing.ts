/** Whether the hub hears this agent, and why not: what its operator is told. */
import type { ParticipantConfig } from '@sparegrid/core/participant/config';
import type { Logger } from '@sparegrid/link/daemon/logger';
import { RefusalLog, type Refused } from '@sparegrid/link/daemon/refusal-log';
import type { AgentState } from './control/control-door.ts';

/** Reports that may go unacknowledged: one is on its way, one may be lost. */
const REPORTS_MISSED_MAX = 3;

export class Hearing {
  readonly #config: Pick<ParticipantConfig, 'hub' | 'timing'>;
  readonly #core: { readonly heardAtMs: number };
  readonly #elapsedMs: () => number;
  readonly #log: RefusalLog;
  /** The last refusal, either way, and when it was. */
  #refused: (Refused & { atMs: number }) | null = null;

  constructor(
    config: Pick<ParticipantConfig, 'hub' | 'timing'>,
    core: { readonly heardAtMs: number },
    elapsedMs: () => number,
    logger: Logger,
  ) {
    this.#config = config;
    this.#core = core;
    this.#elapsedMs = elapsedMs;
    this.#log = new RefusalLog(logger);
  }

  /** A frame of the hub was refused here, or one of this agent there. */
  refused(refused: Refused): void {
    this.#refused = { ...refused, atMs: this.#elapsedMs() };
    this.#log.refused(refused);
  }

  state(): AgentState['hub'] {
    const { hub, timing } = this.#config;
    const { heardAtMs } = this.#core;
    const hears = this.#elapsedMs() - heardAtMs < REPORTS_MISSED_MAX * timing.heartbeatMs;
    const refused =
      !hears && this.#refused && this.#refused.atMs > heardAtMs ? this.#refused : null;
    return { id: hub.id, hears, why: refused && `${refused.code}: ${refused.hint}` };
  }
}
