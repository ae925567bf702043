/** When each agent was down or stood still: what it could not do then is not held against it. */
import type { ParticipantId } from '@sparegrid/core/units/ids';

interface Absence {
  fromMs: number;
  toMs: number;
}

export class Absences {
  readonly #away = new Map<ParticipantId, Absence[]>();
  readonly #lastCommit = new Map<ParticipantId, number>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** After a reboot the elapsed clock goes on from the last commit: what came after is gone too. */
  died(agent: ParticipantId): void {
    const fromMs = this.#lastCommit.get(agent) ?? 0;
    this.#list(agent).push({ fromMs, toMs: Number.POSITIVE_INFINITY });
  }

  committed(agent: ParticipantId): void {
    this.#lastCommit.set(agent, this.#nowMs());
  }

  started(agent: ParticipantId): void {
    for (const absence of this.#list(agent)) {
      if (absence.toMs === Number.POSITIVE_INFINITY) absence.toMs = this.#nowMs();
    }
  }

  stoodStill(agent: ParticipantId, untilMs: number): void {
    this.#list(agent).push({ fromMs: this.#nowMs(), toMs: untilMs });
  }

  #list(agent: ParticipantId): Absence[] {
    const known = this.#away.get(agent) ?? [];
    this.#away.set(agent, known);
    return known;
  }

  /** Milliseconds of absence since `sinceMs`, until now; overlaps count more than once. */
  of(agent: ParticipantId, sinceMs: number): number {
    const nowMs = this.#nowMs();
    let sum = 0;
    for (const { fromMs, toMs } of this.#away.get(agent) ?? []) {
      sum += Math.max(0, Math.min(toMs, nowMs) - Math.max(fromMs, sinceMs));
    }
    return sum;
  }
}
