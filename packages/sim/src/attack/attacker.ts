/** Somebody who overhears every frame, plays old ones again, and makes up new ones. */
import type { AgreementId, HubId, NodeId, ParticipantId } from '@sparegrid/core/units/ids';
import type { FrameText } from '@sparegrid/link/frame';
import { type Expectation, expectCodes } from '../auditor/expectation.ts';
import type { EventQueue } from '../kernel/event-queue.ts';
import type { Keyring } from '../kernel/keyring.ts';
import type { Rng } from '../kernel/rng.ts';
import type { FaultPlan } from '../world/fault-plan.ts';
import { badRequest } from './bad-requests.ts';
import { type Attack, type Forge, forgeFrame, makeFrame, type Recorded } from './forged-frames.ts';
import { meddlingOf } from './stolen-messages.ts';

const RECORDED_MAX = 600;

/** What the attacker may know and do. */
export interface Stage {
  queue: EventQueue;
  rng: Rng;
  plan: FaultPlan;
  keyring: Keyring;
  frameTtlMs: number;
  toleranceMs: number;
  hubs: readonly HubId[];
  hostiles: readonly { id: ParticipantId; hub: HubId }[];
  trueWallMs(): number;
  epochOf(hub: HubId): number;
  partiesOf(agreement: AgreementId): ReadonlySet<HubId>;
  /** Puts a frame in front of a node; nothing happens when it is down. */
  deliver(to: NodeId, frame: FrameText, expectation: Expectation | null): void;
}

export class Attacker {
  readonly #stage: Stage;
  readonly #recorded: Recorded[] = [];
  #heard = 0;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  /** Keeps a sample of everything that was ever on the wire, old and new alike. */
  overhear(from: NodeId, to: NodeId, frame: FrameText): void {
    this.#heard += 1;
    if (this.#recorded.length < RECORDED_MAX) this.#recorded.push({ from, to, frame });
    else if (this.#stage.rng.chance(200)) {
      this.#recorded[this.#stage.rng.between(0, RECORDED_MAX - 1)] = { from, to, frame };
    }
  }

  /** Spreads the attacks of the plan over the time of faults. */
  begin(): void {
    const { queue, rng, plan } = this.#stage;
    const spread = (count: number, attack: () => void) => {
      for (let made = 0; made < count; made += 1) {
        queue.at(rng.between(5_000, plan.untilMs - 1), attack);
      }
    };
    spread(plan.replays, () => this.#replay());
    spread(plan.forgeries, () => this.#forge());
    spread(plan.badDocuments, () => this.#misbehave());
    spread(plan.badDocuments, () => this.#meddle());
  }

  #pick(): Recorded | undefined {
    return this.#recorded.length > 0 ? this.#stage.rng.pick(this.#recorded) : undefined;
  }

  /** Whether it must be refused depends on whether the first copy arrived: the auditor knows. */
  #replay(): void {
    const recorded = this.#pick();
    if (recorded) this.#stage.deliver(recorded.to, recorded.frame, null);
  }

  #forge(): void {
    const recorded = this.#pick();
    if (!recorded) return;
    const { rng, keyring, frameTtlMs, toleranceMs, hubs, hostiles } = this.#stage;
    const wallMs = this.#stage.trueWallMs();
    const forge: Forge = {
      rng,
      keyring,
      wallMs,
      frameTtlMs,
      toleranceMs,
      hubs,
      hostiles,
      recorded,
    };
    this.#deliver(forgeFrame(forge));
  }

  /** An admitted participant sends what it may send, but not like this. */
  #misbehave(): void {
    const { rng, keyring, hostiles, frameTtlMs } = this.#stage;
    const { id, hub } = rng.pick(hostiles);
    const wallMs = this.#stage.trueWallMs();
    const overheard = this.#pick()?.frame.text ?? '';
    const message = badRequest({ rng, keyring, id, wallMs, overheard });
    const head = { from: id, to: hub, sentAtMs: wallMs, ttlMs: frameTtlMs };
    const frame = makeFrame({ rng, keyring }, id, head, [message]);
    const what = message.type === 'request' ? `bad ${message.request.op}` : `bad ${message.type}`;
    this.#deliver({ to: hub, frame, expectation: expectCodes(what) });
  }

  /** A hub of the network meddles with what it is no party of. */
  #meddle(): void {
    const { rng, keyring, hubs, frameTtlMs } = this.#stage;
    const overheard = this.#recorded.filter(
      ({ from, to }) => hubs.includes(from) && hubs.includes(to),
    );
    if (overheard.length === 0 || hubs.length < 3) return;
    const { from, to, frame: stolen } = rng.pick(overheard);
    const message = meddlingOf(rng, stolen.text);
    const { agreement, part } = message;
    const parties = this.#stage.partiesOf(agreement);
    const others = hubs.filter((hub) => hub !== from && hub !== to && !parties.has(hub));
    if (others.length === 0) return;
    const liar = rng.pick(others);
    const epoch = this.#stage.epochOf(liar);
    const victim = rng.chance(500) ? from : to;
    const head = {
      from: liar,
      to: victim,
      sentAtMs: this.#stage.trueWallMs(),
      ttlMs: frameTtlMs,
      epoch,
    };
    const frame = makeFrame({ rng, keyring }, liar, head, [message]);
    const what = `meddling ${message.type}`;
    const meddling = { liar, agreement, part };
    this.#deliver({
      to: victim,
      frame,
      expectation: { what, codes: [], needsCode: false, meddling },
    });
  }

  #deliver({ to, frame, expectation }: Attack): void {
    this.#stage.deliver(to, frame, expectation);
  }
}
