/** When each agent was down or stood still: what it could not do then is not held against it. */
import type { ParticipantId } from '@sparegrid/core/units/ids';

interface Absence {
  fromMs: number;
  toMs: number;
}

export class Absences {
  readonly #away = new Map<ParticipantId, Absence[]>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  died(agent: ParticipantId): void {
    this.#list(agent).push({ fromMs: this.#nowMs(), toMs: Number.POSITIVE_INFINITY });
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
