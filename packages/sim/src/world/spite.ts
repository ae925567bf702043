/** Faults at the worst moment: cuts during signing, crashes around commits that matter. */
import type { Message } from '@sparegrid/core/messages';
import type { Write } from '@sparegrid/core/step';
import type { NodeId } from '@sparegrid/core/units/ids';
import type { EventQueue } from '../kernel/event-queue.ts';
import type { Rng } from '../kernel/rng.ts';
import type { FaultPlan } from './fault-plan.ts';

type Phase = 'beforeCommit' | 'afterCommit';

/** Messages after which a cut hurts. */
const TENDER: ReadonlySet<Message['type']> = new Set([
  'prepare',
  'vote-yes',
  'activate',
  'started',
  'all-started',
  'part-ended',
  'settle',
]);
const WEIGHTY_TABLES: ReadonlySet<string> = new Set(['order', 'agreement', 'part', 'container']);

export class Spite {
  readonly #queue: EventQueue;
  readonly #rng: Rng;
  readonly #plan: FaultPlan;
  readonly #cut: (from: NodeId, to: NodeId, lengthMs: number) => void;
  /** Nodes that die at their next weighty commit. */
  readonly #armed = new Map<NodeId, Phase>();
  #holdCuts = 0;
  readonly #holdMs: number;

  constructor(
    queue: EventQueue,
    rng: Rng,
    plan: FaultPlan,
    holdMs: number,
    cut: (from: NodeId, to: NodeId, lengthMs: number) => void,
  ) {
    this.#queue = queue;
    this.#rng = rng;
    this.#plan = plan;
    this.#holdMs = holdMs;
    this.#cut = cut;
  }

  arm(node: NodeId, phase: Phase): void {
    this.#armed.set(node, phase);
  }

  disarmAll(): void {
    this.#armed.clear();
    this.#holdCuts = 0;
  }

  /** True once per arming, at a commit of what somebody is about to be told. */
  crashesHere(node: NodeId, phase: Phase, writes: readonly Write[]): boolean {
    if (this.#armed.get(node) !== phase) return false;
    if (!writes.some(({ table }) => WEIGHTY_TABLES.has(table))) return false;
    this.#armed.delete(node);
    return true;
  }

  /** The next vote is followed by a cut that outlasts the hold. */
  armHoldCut(): void {
    this.#holdCuts += 1;
  }

  #cutHold(from: NodeId, to: NodeId): void {
    this.#holdCuts -= 1;
    const lengthMs = this.#holdMs + this.#rng.between(500, 3_000);
    this.#cut(to, from, lengthMs);
    if (this.#rng.chance(500)) this.#cut(from, to, lengthMs);
  }

  /** Called as a message leaves: now and then the link they take, or the way back, is cut. */
  saw(from: NodeId, to: NodeId, type: Message['type']): void {
    if (this.#queue.nowMs >= this.#plan.untilMs || !TENDER.has(type)) return;
    if (type === 'vote-yes' && this.#holdCuts > 0) this.#cutHold(from, to);
    if (!this.#rng.chance(this.#plan.spitefulCutPermille)) return;
    const lengthMs = this.#rng.between(500, this.#plan.cutMaxMs);
    const delayMs = this.#rng.pick([0, 0, 5, 50]);
    const [first, second] = this.#rng.chance(500) ? [from, to] : [to, from];
    const bothWays = !this.#rng.chance(this.#plan.oneWayPermille);
    this.#queue.after(delayMs, () => {
      this.#cut(first, second, lengthMs);
      if (bothWays) this.#cut(second, first, lengthMs);
    });
  }
}
