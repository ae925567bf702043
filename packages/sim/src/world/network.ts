/** The network: carries encoded frames, and loses, delays, duplicates and holds them back. */
import { isHubId, type NodeId } from '@sparegrid/core/units/ids';
import type { EventQueue } from '../kernel/event-queue.ts';
import type { Rng } from '../kernel/rng.ts';
import type { FaultPlan } from './fault-plan.ts';

export interface NetworkCounts {
  sent: number;
  lost: number;
  duplicated: number;
}

/** Frames that wait for a slow hub, of each other one. */
const LINE_MAX = 16;

/** Frames in flight are independent of each other: the later one may well arrive first. */
export class Network {
  readonly counts: NetworkCounts = { sent: 0, lost: 0, duplicated: 0 };
  readonly #queue: EventQueue;
  readonly #rng: Rng;
  readonly #plan: FaultPlan;
  /** Hubs that take frames of other hubs slowly: until when, and one every so often. */
  readonly #slow = new Map<NodeId, { untilMs: number; everyMs: number }>();
  /** What waits for a slow hub, by `from>to`. */
  readonly #lines = new Map<string, (() => void)[]>();
  /** Number of present cuts by `from>to`. */
  readonly #cuts = new Map<string, number>();

  constructor(queue: EventQueue, rng: Rng, plan: FaultPlan) {
    this.#queue = queue;
    this.#rng = rng;
    this.#plan = plan;
  }

  /** Sends once; `arrive` runs for every copy that gets through. Rows travel slower than words. */
  carry(from: NodeId, to: NodeId, hasOnlyRows: boolean, arrive: () => void): void {
    this.counts.sent += 1;
    const faulty = this.#queue.nowMs < this.#plan.untilMs;
    if (this.isCut(from, to) || (faulty && this.#rng.chance(this.#plan.lossPermille))) {
      this.counts.lost += 1;
      return;
    }
    const lagMs = faulty && hasOnlyRows ? this.#rng.between(0, this.#plan.rowLagMaxMs) : 0;
    const isLine = isHubId(from) && isHubId(to) && this.isSlow(to);
    const take = isLine ? () => this.#wait(from, to, arrive) : arrive;
    this.#queue.after(lagMs + this.#delayMs(faulty), () => this.#arrive(from, to, take));
    if (faulty && this.#rng.chance(this.#plan.duplicatePermille)) {
      this.counts.duplicated += 1;
      this.#queue.after(this.#delayMs(true), () => this.#arrive(from, to, arrive));
    }
  }

  /** Something was sent and got lost for a reason of its own. */
  lose(): void {
    this.counts.sent += 1;
    this.counts.lost += 1;
  }

  /** A cut that begins while a frame is under way stops it too. */
  #arrive(from: NodeId, to: NodeId, arrive: () => void): void {
    if (this.isCut(from, to)) this.counts.lost += 1;
    else arrive();
  }

  #delayMs(faulty: boolean): number {
    if (!faulty) return this.#rng.between(1, 10);
    if (this.#rng.chance(this.#plan.stragglerPermille)) {
      return this.#rng.between(1, this.#plan.stragglerMaxMs);
    }
    return this.#rng.between(1, this.#plan.delayMaxMs);
  }

  /** That hub takes one frame of each other hub every `everyMs`, until then. */
  slow(hub: NodeId, untilMs: number, everyMs: number): void {
    this.#slow.set(hub, { untilMs, everyMs });
  }

  isSlow(hub: NodeId): boolean {
    return (this.#slow.get(hub)?.untilMs ?? 0) > this.#queue.nowMs;
  }

  /** The sender's bounded queue: what is oldest in it gets lost, and nobody waits for it. */
  #wait(from: NodeId, to: NodeId, arrive: () => void): void {
    const name = `${from}>${to}`;
    const line = this.#lines.get(name) ?? [];
    line.push(arrive);
    if (line.length > LINE_MAX) {
      line.shift();
      this.counts.lost += 1;
    }
    if (this.#lines.has(name)) return;
    this.#lines.set(name, line);
    this.#serve(from, to, line);
  }

  #serve(from: NodeId, to: NodeId, line: (() => void)[]): void {
    const everyMs = this.isSlow(to) ? (this.#slow.get(to)?.everyMs ?? 1) : 1;
    this.#queue.after(everyMs, () => {
      const arrive = line.shift();
      if (arrive) this.#arrive(from, to, arrive);
      if (line.length > 0) this.#serve(from, to, line);
      else this.#lines.delete(`${from}>${to}`);
    });
  }

  isCut(from: NodeId, to: NodeId): boolean {
    return (this.#cuts.get(`${from}>${to}`) ?? 0) > 0;
  }

  /** Cuts one direction; cuts of the same direction add up. */
  cut(from: NodeId, to: NodeId): void {
    const name = `${from}>${to}`;
    this.#cuts.set(name, (this.#cuts.get(name) ?? 0) + 1);
  }

  heal(from: NodeId, to: NodeId): void {
    const name = `${from}>${to}`;
    this.#cuts.set(name, (this.#cuts.get(name) ?? 1) - 1);
  }
}
