/** Faults at the worst moment: cuts during signing, crashes around commits that matter. */
import type { Message } from '@sparegrid/core/messages';
import type { Write } from '@sparegrid/core/step';
import type { NodeId, PartId } from '@sparegrid/core/units/ids';
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
const WEIGHTY_TABLES: ReadonlySet<string> = new Set([
  'order',
  'order-progress',
  'agreement',
  'agreement-progress',
  'part',
  'part-progress',
  'container',
]);

export class Spite {
  readonly #queue: EventQueue;
  readonly #rng: Rng;
  readonly #plan: FaultPlan;
  readonly #cut: (from: NodeId, to: NodeId, lengthMs: number) => void;
  /** Nodes that die at their next weighty commit. */
  readonly #armed = new Map<NodeId, Phase>();
  #mutesArmed = 0;
  /** By first hub and part. */
  readonly #mutedUntilMs = new Map<string, number>();
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
    this.#mutesArmed = 0;
  }

  /** True once per arming, at a commit of what somebody is about to be told. */
  crashesHere(node: NodeId, phase: Phase, writes: readonly Write[]): boolean {
    if (this.#armed.get(node) !== phase) return false;
    if (!writes.some(({ table }) => WEIGHTY_TABLES.has(table))) return false;
    this.#armed.delete(node);
    return true;
  }

  /** The next part that is voted for hears nothing from its first hub until its hold has run out. */
  armMute(): void {
    this.#mutesArmed += 1;
  }

  /** True when a frame of this hub about these parts must get lost. */
  isMuted(hub: NodeId, parts: readonly PartId[]): boolean {
    return parts.some((id) => (this.#mutedUntilMs.get(`${hub} ${id}`) ?? 0) > this.#queue.nowMs);
  }

  #mute(part: string): void {
    this.#mutesArmed -= 1;
    const untilMs = this.#queue.nowMs + this.#holdMs + this.#rng.between(500, 3_000);
    this.#mutedUntilMs.set(part, Math.min(untilMs, this.#plan.untilMs));
  }

  /** Called as a message leaves: now and then the link they take, or the way back, is cut. */
  saw(from: NodeId, to: NodeId, message: Message): void {
    const { type } = message;
    if (this.#queue.nowMs >= this.#plan.untilMs || !TENDER.has(type)) return;
    if (message.type === 'vote-yes' && this.#mutesArmed > 0) {
      // `to` is the first hub: it is what it says from now on that gets lost.
      const part = `${to} ${message.agreement}.${message.part}`;
      if (!this.#mutedUntilMs.has(part)) this.#mute(part);
    }
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
