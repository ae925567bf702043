/** When each node was down or stood still: what it could not do then is not held against it. */
import type { NodeId } from '@sparegrid/core/units/ids';

interface Absence {
  fromMs: number;
  toMs: number;
}

export class Absences {
  readonly #away = new Map<NodeId, Absence[]>();
  readonly #lastCommit = new Map<NodeId, number>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** After a reboot the elapsed clock goes on from the last commit: what came after is gone too. */
  died(node: NodeId): void {
    const fromMs = this.#lastCommit.get(node) ?? 0;
    this.#list(node).push({ fromMs, toMs: Number.POSITIVE_INFINITY });
  }

  committed(node: NodeId): void {
    this.#lastCommit.set(node, this.#nowMs());
  }

  /** @param unsureMs  for how long it may still wait for the word of others before it decides. */
  started(node: NodeId, unsureMs = 0): void {
    for (const absence of this.#list(node)) {
      if (absence.toMs === Number.POSITIVE_INFINITY) absence.toMs = this.#nowMs() + unsureMs;
    }
  }

  stoodStill(node: NodeId, untilMs: number): void {
    this.#list(node).push({ fromMs: this.#nowMs(), toMs: untilMs });
  }

  #list(node: NodeId): Absence[] {
    const known = this.#away.get(node) ?? [];
    this.#away.set(node, known);
    return known;
  }

  /** Milliseconds of absence since `sinceMs`, until now; overlaps count more than once. */
  of(node: NodeId, sinceMs: number): number {
    const nowMs = this.#nowMs();
    let sum = 0;
    for (const { fromMs, toMs } of this.#away.get(node) ?? []) {
      sum += Math.max(0, Math.min(toMs, nowMs) - Math.max(fromMs, sinceMs));
    }
    return sum;
  }
}
