/** A simulated agent: the production participant core, a container runtime, and offers that change. */
import { type KeyChain, OPERATOR } from '@sparegrid/core/identity/statements';
import type { SignedFrame } from '@sparegrid/core/messages';
import type { Organization } from '@sparegrid/core/order/resource-spec';
import {
  ParticipantCore,
  type ParticipantEffect,
  type ParticipantInput,
} from '@sparegrid/core/participant/participant-core';
import type { Now } from '@sparegrid/core/step';
import type { ContainerId, HubId, ParticipantId } from '@sparegrid/core/units/ids';
import { documentReader } from '@sparegrid/link/documents';
import { decodeFrame, type FrameText } from '@sparegrid/link/frame';
import { Framer } from '@sparegrid/link/framer';
import type { Expectation } from '../auditor/expectation.ts';
import { NodeClock } from '../kernel/node-clock.ts';
import type { Rng } from '../kernel/rng.ts';
import { SimStore } from '../kernel/sim-store.ts';
import type { OfferDraft } from '../workload/offers.ts';
import { sealChunk } from '../workload/seal.ts';
import type { Context } from '../world/context.ts';
import type { Client } from '../world/post.ts';
import type { ScenarioParticipant } from '../world/scenario.ts';
import { CommitLoop, type LoopHost, type StepOutput, storedElapsedMs } from './commit-loop.ts';
import { Containers, type SimContainer } from './containers.ts';
import { framesOf, topicOf } from './frames-of.ts';
import { NETWORK } from './sim-hub.ts';

interface Offered {
  input: ParticipantInput;
  expectation: Expectation | null;
}

type Output = StepOutput<ParticipantEffect>;

export class SimAgent implements LoopHost<Offered, ParticipantEffect>, Client {
  readonly participant: ParticipantId;
  readonly hub: HubId;
  readonly clock: NodeClock;
  readonly store = new SimStore();
  readonly containers: Containers;
  readonly #context: Context;
  readonly #scenario: ScenarioParticipant;
  readonly #rng: Rng;
  readonly #loop: CommitLoop<Offered, ParticipantEffect>;
  #core: ParticipantCore | null = null;
  #framer: Framer | null = null;
  #downSinceMs = 0;
  #offer: OfferDraft;

  constructor(context: Context, scenario: ScenarioParticipant) {
    const { queue, plan, timing, auditor } = context;
    this.participant = scenario.id;
    this.hub = scenario.hub;
    this.#context = context;
    this.#scenario = scenario;
    this.#rng = context.rng.fork(`agent ${scenario.id}`);
    this.clock = new NodeClock(this.#rng.between(-5_000, 5_000) + context.skewMs(scenario.id));
    this.#loop = new CommitLoop(queue, this.clock, this.store, this);
    this.#offer = scenario.offer;
    this.containers = new Containers(queue, this.#rng, plan, timing.stopTimeMs, {
      started: (container) => {
        auditor.containers.began(this.participant, container.id);
        this.#report(container);
      },
      exited: (container) => {
        auditor.containers.exited(this.participant, container.id);
        this.#report(container);
      },
      outlives: ({ id }) => auditor.containers.outlives(id),
    });
  }

  get core(): ParticipantCore | null {
    return this.#core;
  }

  isUp(): boolean {
    return this.#core !== null;
  }

  isCommitting(): boolean {
    return this.#loop.isCommitting;
  }

  start(): void {
    const { queue, keyring, timing, auditor, trace, connections } = this.#context;
    const downMs = this.#rng.chance(500) ? queue.nowMs - this.#downSinceMs : 0;
    this.clock.start(queue.nowMs, storedElapsedMs(this.store) + downMs);
    const crypto = keyring.cryptoOf(this.participant);
    const { organization, collect } = this.#scenario;
    const hub = { id: this.hub, publicKey: keyring.publicKeyOf(this.hub) };
    const keys = chainOf(this.participant, organization);
    const network = { network: NETWORK, operatorKey: keyring.publicKeyOf(OPERATOR) };
    const own = { id: this.participant, hub, organization, collect };
    const config = { ...own, timing, keys, network };
    const now = this.clock.read(queue.nowMs);
    const core = new ParticipantCore(
      config,
      { crypto, documents: documentReader },
      now,
      this.store.live(),
    );
    this.#core = core;
    const { session } = core;
    const { frameTtlMs } = timing;
    this.#framer = new Framer({ crypto, from: this.participant, session, epoch: 0, frameTtlMs });
    trace.add(queue.nowMs, 'start', this.participant, session);
    auditor.agentStarted(this.participant, now);
    this.#loop.start({
      step: (at, offered) =>
        core.step(
          at,
          offered.map(({ input }) => input),
        ),
      nextWakeMs: () => core.nextWakeMs(),
    });
    this.#input({ kind: 'resource', spec: this.#scenario.spec });
    this.#adopt(core);
    this.#input({ kind: 'offer', offer: this.#offer });
    connections.dial(this);
  }

  /**
   * Reports what became of containers while nobody watched; those never begun count as failed.
   * Orders to stop may have died with the agent, so they are given again.
   */
  #adopt(core: ParticipantCore): void {
    for (const [id, { stopping }] of core.containers) {
      const container = this.containers.known.get(id);
      if (container && stopping) this.containers.stop(id);
      if (container) this.#report(container);
      else this.#input({ kind: 'container-exited', id, exitCode: null, reason: 'start-failed' });
    }
    for (const id of [...this.containers.known.keys()]) {
      if (!core.containers.has(id)) this.containers.forget(id);
    }
  }

  die(phase: string): void {
    const { queue, trace, auditor, connections } = this.#context;
    trace.add(queue.nowMs, 'crash', this.participant, phase);
    this.#core = null;
    this.#framer = null;
    this.#downSinceMs = queue.nowMs;
    this.#loop.kill();
    auditor.died(this.participant);
    connections.clientDied(this);
    this.#context.died(this.participant, phase);
  }

  freeze(untilMs: number): void {
    this.#loop.freeze(untilMs);
    this.#context.auditor.absences.stoodStill(this.participant, untilMs);
  }

  /** The lessor changes what it offers; its shell remembers it over crashes, as a file would. */
  changeOffer(change: (present: OfferDraft) => OfferDraft): void {
    this.#offer = change(this.#offer);
    this.#input({ kind: 'offer', offer: this.#offer });
  }

  #report(container: SimContainer): void {
    const { id, state, exitCode, reason } = container;
    this.#context.trace.add(this.#context.queue.nowMs, state, id, String(exitCode));
    if (state === 'running') {
      this.#input({ kind: 'container-started', id });
      this.#input({ kind: 'log', container: id, stream: 'stdout', text: sealChunk(id) });
    } else if (state === 'exited' && reason) {
      this.#input({ kind: 'container-exited', id, exitCode, reason });
    }
  }

  #input(input: ParticipantInput): void {
    this.#loop.offer({ input, expectation: null });
  }

  // ---- its end of the connection ----

  opened(): string {
    this.#input({ kind: 'hub-connected' });
    return this.#core?.session ?? '';
  }

  closed(): void {
    this.#input({ kind: 'hub-disconnected' });
  }

  receive(frame: FrameText, expectation: Expectation | null = null): void {
    if (!this.#core) return;
    const { trace, queue, auditor } = this.#context;
    const read = decodeFrame(frame.text, frame.signature);
    trace.add(queue.nowMs, 'arrive', this.participant, read.ok ? frame.signature : read.code);
    if (read.ok) this.#loop.offer({ input: { kind: 'frame', signed: read.signed }, expectation });
    else auditor.frames.refusedByDecoder(this.participant, expectation, read.code);
  }

  // ---- what the loop asks and tells ----

  commitDelayMs(): number {
    return this.#rng.between(1, 4);
  }

  isAlone({ input, expectation }: Offered): boolean {
    if (input.kind !== 'frame') return false;
    const { frames } = this.#context.auditor;
    return expectation !== null || frames.expects(this.participant, input.signed) !== null;
  }

  stepped(now: Now, offered: readonly Offered[], output: Output): void {
    const frames: { signed: SignedFrame; expectation: Expectation | null }[] = [];
    for (const { input, expectation } of offered) {
      if (input.kind === 'frame') frames.push({ signed: input.signed, expectation });
    }
    const onlyFrames = offered.length === frames.length;
    this.#context.auditor.agentStepped(this.participant, now, frames, output, onlyFrames);
  }

  diesAt(phase: 'beforeCommit' | 'afterCommit', output: Output): boolean {
    if (!this.#context.spite.crashesHere(this.participant, phase, output.writes)) return false;
    this.die('agent');
    return true;
  }

  committed(now: Now, output: Output): void {
    const { trace, queue, auditor } = this.#context;
    trace.add(queue.nowMs, 'commit', this.participant, String(output.writes.length));
    auditor.committed(this.participant, now, output);
  }

  release(now: Now, output: Output): void {
    if (!this.#framer) return;
    const { auditor, trace, queue } = this.#context;
    auditor.released(this.participant, output.sends);
    for (const { to, message } of output.sends) {
      trace.add(queue.nowMs, 'told', this.participant, `${to} ${topicOf(message)}`);
    }
    for (const { frame } of framesOf(this.#framer, output.sends, now.wallMs)) {
      this.#context.post.fromClient(this, frame);
    }
    for (const effect of output.effects) this.#perform(effect);
  }

  #perform(effect: ParticipantEffect): void {
    const { auditor } = this.#context;
    if (effect.kind === 'start') {
      auditor.keys.ordered(this.participant, effect.container);
      auditor.containers.ordered(this.participant, effect.container);
      this.containers.start(effect.container);
    } else if (effect.kind === 'stop') this.containers.stop(effect.id);
    else if (effect.kind === 'forget') this.containers.forget(effect.id);
    else if (effect.kind === 'collect') this.#collect(effect.id);
  }

  /** What it leaves is a moment under way; an agent that dies meanwhile is asked again. */
  #collect(id: ContainerId): void {
    this.#context.queue.after(this.#rng.between(1, 200), () => {
      if (this.#core) this.#input({ kind: 'container-closed', id });
    });
  }

  threw(error: unknown): void {
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#context.auditor.violate('core.threw', this.participant, 'step', detail.slice(0, 400));
    this.die('fault');
  }

  spins(): void {
    const name = this.participant;
    this.#context.auditor.violate('loop.spins', name, name, 'woken over and over for nothing');
  }
}

/** What its organisation would sign of its keys; hubs carry it to lessees, sealed. */
function chainOf(agent: ParticipantId, { id, name }: Organization): KeyChain {
  const of = (payload: string) => ({ payloadType: 'x', payload, signatures: [] });
  return { organization: of(`${id} ${name}`), key: of(agent) };
}
