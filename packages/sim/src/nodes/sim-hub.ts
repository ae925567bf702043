/** A simulated hub: the production core in a model of its process, which dies and comes back. */

import type { AdmissionAnswer, AdmissionRequest } from '@sparegrid/core/hub/admission';
import type { AdmittedParticipant } from '@sparegrid/core/hub/config';
import type { HubEffect } from '@sparegrid/core/hub/context';
import { searchEnded } from '@sparegrid/core/hub/ended';
import { HubCore, type HubInput } from '@sparegrid/core/hub/hub-core';
import { OPERATOR } from '@sparegrid/core/identity/statements';
import type { HubMessage, SignedFrame } from '@sparegrid/core/messages';
import type { RoundStatus } from '@sparegrid/core/rounds/report';
import type { Now, Send } from '@sparegrid/core/step';
import type { SignedDocument } from '@sparegrid/core/units/document';
import type { HubId, ParticipantId } from '@sparegrid/core/units/ids';
import { documentReader } from '@sparegrid/link/documents';
import { decodeFrame, type FrameText } from '@sparegrid/link/frame';
import { Framer } from '@sparegrid/link/framer';
import type { HubMemory } from '../auditor/auditor.ts';
import type { Expectation } from '../auditor/expectation.ts';
import { NodeClock } from '../kernel/node-clock.ts';
import type { Rng } from '../kernel/rng.ts';
import { SimStore, type StoreCopy } from '../kernel/sim-store.ts';
import type { Context } from '../world/context.ts';
import { panoramaOf } from '../world/scenario.ts';
import { answerColdRead } from './cold-read.ts';
import { CommitLoop, type LoopHost, type StepOutput, storedElapsedMs } from './commit-loop.ts';
import { framesOf, topicOf } from './frames-of.ts';
import { Liar } from './liar.ts';
import { deliveryOf } from './round-answers.ts';

/** An input with what the auditor knows about it beforehand. */
interface Offered {
  input: HubInput;
  expectation: Expectation | null;
}

type Output = StepOutput<HubEffect>;

/** A copy of a store, and what the auditor knew of its hub when it was made. */
export interface Backup {
  rows: StoreCopy;
  memory: HubMemory;
  /** How often an older copy had been put back by then. */
  restores: number;
}

/** Name of the simulated network. */
export const NETWORK = 'net';

export type RoundCounts = Pick<RoundStatus, 'rounds' | 'joint' | 'placed' | 'lost' | 'refused'>;

const NO_ROUNDS: RoundCounts = { rounds: 0, joint: 0, placed: 0, lost: 0, refused: 0 };

export function sumOf(a: RoundCounts, b: RoundCounts = NO_ROUNDS): RoundCounts {
  return {
    rounds: a.rounds + b.rounds,
    joint: a.joint + b.joint,
    placed: a.placed + b.placed,
    lost: a.lost + b.lost,
    refused: a.refused + b.refused,
  };
}

export class SimHub implements LoopHost<Offered, HubEffect> {
  readonly id: HubId;
  readonly clock: NodeClock;
  readonly store = new SimStore();
  readonly #context: Context;
  readonly #rng: Rng;
  readonly #loop: CommitLoop<Offered, HubEffect>;
  #core: HubCore | null = null;
  #framer: Framer | null = null;
  #downSinceMs = 0;
  #rounds = NO_ROUNDS;
  #tickets = 0;
  readonly #liar: Liar | null;
  readonly #asked = new Map<string, (answer: AdmissionAnswer) => void>();
  /** How often an older copy of its store was put back. */
  restores = 0;
  /** Whose key it signs with: it has its own until it changes. */
  #keyName: string;
  /** What its operator put beside its configuration; taken as each life begins. */
  #hubList: { revision: number; document: SignedDocument } | null = null;
  /** Longest commit; raised for slow hubs. */
  commitMaxMs = 4;

  constructor(context: Context, id: HubId) {
    this.id = id;
    this.#keyName = id;
    this.#context = context;
    this.#rng = context.rng.fork(`hub ${id}`);
    this.clock = new NodeClock(this.#rng.between(-5_000, 5_000) + context.skewMs(id));
    this.#loop = new CommitLoop(context.queue, this.clock, this.store, this);
    const { scenario, keyring } = context;
    const lies = context.liar === id;
    this.#liar = lies
      ? new Liar(id, this.#rng.fork('lies'), keyring.cryptoOf(id), scenario.hubs)
      : null;
    if (lies) this.#inventLater();
  }

  get core(): HubCore | null {
    return this.#core;
  }

  isUp(): boolean {
    return this.#core !== null;
  }

  isCommitting(): boolean {
    return this.#loop.isCommitting;
  }

  isOverloaded(): boolean {
    return this.#loop.isOverloaded;
  }

  /** Begins a life from what the store holds. */
  start(): void {
    const { queue, keyring, timing, limits, scenario, auditor, trace } = this.#context;
    // A process that only restarted counts the time it was down; after a reboot nobody knows it.
    const downMs = this.#rng.chance(500) ? queue.nowMs - this.#downSinceMs : 0;
    this.clock.start(queue.nowMs, storedElapsedMs(this.store) + downMs);
    const crypto = keyring.cryptoOf(this.#keyName);
    const nameOf = (id: HubId) => (id === this.id ? this.#keyName : id);
    const config = {
      id: this.id,
      peers: scenario.hubs.map((id) => ({ id, publicKey: keyring.publicKeyOf(nameOf(id)) })),
      participants: this.#admitted(),
      network: { network: NETWORK, operatorKey: keyring.publicKeyOf(OPERATOR) },
      timing,
      limits,
      panorama: panoramaOf(scenario, this.id),
      ...(scenario.rounds && { rounds: scenario.rounds }),
      ...(scenario.privacy && { privacy: scenario.privacy }),
    };
    const env = { crypto, documents: documentReader };
    const now = this.clock.read(queue.nowMs);
    const core = new HubCore(config, env, now, this.store.live());
    this.#core = core;
    const { epoch } = core;
    const session = `e${epoch}`;
    const { frameTtlMs } = timing;
    this.#framer = new Framer({ crypto, from: this.id, session, epoch, frameTtlMs });
    trace.add(queue.nowMs, 'start', this.id, session);
    auditor.hubStarted(this.id, core, now);
    this.#loop.start({
      step: (at, offered) =>
        core.step(
          at,
          offered.map(({ input }) => input),
        ),
      nextWakeMs: () => core.nextWakeMs(),
    });
    this.#takeHubList();
    this.#context.hubStarted(this.id);
  }

  #takeHubList(): void {
    if (!this.#hubList) return;
    const { revision, document } = this.#hubList;
    const { hubLists } = this.#context.auditor;
    this.admission({ op: 'hubs.set', document }, (answer) =>
      hubLists.answered(this.id, revision, answer),
    );
  }

  /** Its operator starts it again with another key; one that is down comes up with it. */
  changeKey(name: string, revision: number, document: SignedDocument): void {
    this.#keyName = name;
    this.#hubList = { revision, document };
    this.#liar?.changeKey(this.#context.keyring.cryptoOf(name));
    if (!this.#core) return;
    this.die('new key');
  }

  #admitted(): AdmittedParticipant[] {
    const { scenario, keyring } = this.#context;
    const hostiles = scenario.hostiles.map(({ id, hub }) => {
      const organization = { id: `org-${id}`, name: id, kind: 'company' } as const;
      return { id, hub, organization, collect: 'push', lends: false } as const;
    });
    return [...scenario.participants, ...hostiles]
      .filter(({ hub }) => hub === this.id)
      .map(({ id, organization, collect, lends }) => ({
        id,
        publicKey: keyring.publicKeyOf(id),
        organization,
        collect,
        lends,
      }));
  }

  /** What rounds did in all lives so far. */
  get rounds(): RoundCounts {
    return sumOf(this.#rounds, this.#core?.rounds);
  }

  die(phase: string): void {
    const { queue, trace, auditor, connections } = this.#context;
    this.#rounds = this.rounds;
    trace.add(queue.nowMs, 'crash', this.id, phase);
    this.#core = null;
    this.#framer = null;
    this.#asked.clear();
    this.#downSinceMs = queue.nowMs;
    this.#loop.kill();
    auditor.died(this.id);
    connections.hubDied(this.id);
    this.#context.died(this.id, phase);
  }

  /** The process ends, and its store is an older copy of itself. */
  restore({ rows, memory }: Backup): void {
    const epoch = this.#core?.epoch ?? 0;
    this.die('restored');
    this.restores += 1;
    this.store.putBack(rows);
    this.#context.auditor.hubPutBack(this.id, memory, epoch);
  }

  freeze(untilMs: number): void {
    this.#loop.freeze(untilMs);
    this.#context.auditor.absences.stoodStill(this.id, untilMs);
  }

  /** A frame arrives over the network. `expectation` is set for what an attacker made. */
  receive(frame: FrameText, expectation: Expectation | null = null): void {
    if (!this.#core) return;
    const { trace, queue, auditor } = this.#context;
    const read = decodeFrame(frame.text, frame.signature);
    trace.add(queue.nowMs, 'arrive', this.id, read.ok ? frame.signature : read.code);
    if (!read.ok) {
      auditor.frames.refusedByDecoder(this.id, expectation, read.code);
      return;
    }
    this.#loop.offer({ input: { kind: 'frame', signed: read.signed }, expectation });
  }

  peerConnected(hub: HubId): void {
    this.#loop.offer({ input: { kind: 'peer-connected', hub }, expectation: null });
  }

  sessionClosed(participant: ParticipantId, session: string): void {
    const input: HubInput = { kind: 'session-closed', participant, session };
    this.#loop.offer({ input, expectation: null });
  }

  /** @param heard  told after the commit, unless this life of the hub ends before. */
  admission(request: AdmissionRequest, heard: (answer: AdmissionAnswer) => void): void {
    if (!this.#core) return;
    this.#tickets += 1;
    const ticket = String(this.#tickets);
    this.#asked.set(ticket, heard);
    this.#loop.offer({ input: { kind: 'admission', ticket, request }, expectation: null });
  }

  // ---- what the loop asks and tells ----

  commitDelayMs(isAlone: boolean): number {
    const faulty = this.#context.queue.nowMs < this.#context.plan.untilMs;
    return this.#rng.between(1, faulty && !isAlone ? this.commitMaxMs : 4);
  }

  isAlone({ input, expectation }: Offered): boolean {
    if (input.kind !== 'frame') return false;
    return (
      expectation !== null || this.#context.auditor.frames.expects(this.id, input.signed) !== null
    );
  }

  stepped(now: Now, offered: readonly Offered[], output: Output): void {
    const { auditor } = this.#context;
    const frames: { signed: SignedFrame; expectation: Expectation | null }[] = [];
    for (const { input, expectation } of offered) {
      if (input.kind === 'frame') frames.push({ signed: input.signed, expectation });
    }
    auditor.hubStepped(this.id, now, frames, output, offered.length === frames.length);
  }

  diesAt(phase: 'beforeCommit' | 'afterCommit', output: Output): boolean {
    if (!this.#context.spite.crashesHere(this.id, phase, output.writes)) return false;
    this.die(phase);
    return true;
  }

  committed(now: Now, output: Output): void {
    const { trace, queue, auditor } = this.#context;
    trace.add(queue.nowMs, 'commit', this.id, `${now.elapsedMs} ${output.writes.length}`);
    auditor.committed(this.id, now, output);
  }

  release(now: Now, output: Output): void {
    const { auditor, post, spite, trace, queue } = this.#context;
    const framer = this.#framer;
    if (!framer) return;
    auditor.released(this.id, output.sends);
    for (const addressed of framesOf(framer, this.#told(output.sends), now.wallMs)) {
      post.fromHub(this.id, addressed);
    }
    for (const { to, message } of output.sends) {
      trace.add(queue.nowMs, 'told', this.id, `${to} ${topicOf(message)}`);
      spite.saw(this.id, to, message);
    }
    for (const effect of output.effects) this.#perform(effect, now);
  }

  /** What it tells: of an honest hub, what its core says. */
  #told(sends: readonly Send[]): readonly Send[] {
    const { queue, plan, auditor } = this.#context;
    const liar = this.#liar;
    if (!liar || queue.nowMs >= plan.untilMs) return sends;
    return sends.map((send) => {
      const told = liar.tells(send);
      if (told.message !== send.message) {
        auditor.lied(this.id, told.to, told.message as HubMessage);
      }
      return told;
    });
  }

  #inventLater(): void {
    const { queue, plan } = this.#context;
    queue.after(this.#rng.between(200, 2_500), () => {
      if (queue.nowMs >= plan.untilMs) return;
      this.#invent();
      this.#inventLater();
    });
  }

  /** What must be refused is put in front of its victim; everything else takes the usual way. */
  #invent(): void {
    const { queue, post } = this.#context;
    const lie = this.#core && this.#liar?.invents(this.#core);
    if (!lie || !this.#framer) return;
    const { to, message, expectation } = lie;
    const sends = [{ to, session: null, message }];
    for (const addressed of framesOf(this.#framer, sends, this.clock.wallMs(queue.nowMs))) {
      if (expectation) this.#context.putBefore(to, addressed.frame, expectation);
      else post.fromHub(this.id, addressed);
    }
  }

  #perform(effect: HubEffect, now: Now): void {
    const { auditor, post } = this.#context;
    if (effect.kind === 'restart') return this.#beginAgain(effect.code);
    if (effect.kind === 'solve') return this.#solve(effect);
    if (effect.kind === 'find-ended') return this.#findEnded(effect.from, effect.before);
    if (effect.kind === 'answer') {
      this.#asked.get(effect.ticket)?.(effect.answer);
      this.#asked.delete(effect.ticket);
    }
    if (effect.kind !== 'cold-read') return;
    const { to, session, requestId, request } = effect;
    const reply = answerColdRead(this.store, to, request);
    const sends = [{ to, session, message: { type: 'reply', requestId, reply } as const }];
    auditor.released(this.id, sends);
    if (!this.#framer) return;
    for (const addressed of framesOf(this.#framer, sends, now.wallMs)) {
      post.fromHub(this.id, addressed);
    }
  }

  /** The process goes on with another life, from what is committed. */
  #beginAgain(code: string): void {
    if (code === 'HUB_STORE_ROLLED_BACK') this.#context.auditor.rolledBack(this.id);
    this.die(code);
    this.start();
  }

  /** The store is read a while later; the answer is lost with this life. */
  #findEnded(from: string, before: string): void {
    const { queue } = this.#context;
    const core = this.#core;
    queue.after(this.#rng.between(1, 50), () => {
      if (core !== this.#core) return;
      const search = searchEnded(from, before);
      let next = search.next();
      while (!next.done) next = search.next(this.store.scan(next.value));
      this.#loop.offer({ input: { kind: 'ended-found', search: next.value }, expectation: null });
    });
  }

  /** An answer may come when its hub has begun another life. */
  #solve({ round, request }: Extract<HubEffect, { kind: 'solve' }>): void {
    const { queue, plan } = this.#context;
    const rng = this.#rng.fork(`round ${round}`);
    const delivery = deliveryOf(rng, request, queue.nowMs < plan.untilMs && plan.mode !== 'none');
    if (!delivery) return;
    const input: HubInput = { kind: 'solved', round, answer: delivery.answer };
    queue.after(delivery.afterMs, () => this.#loop.offer({ input, expectation: null }));
  }

  threw(error: unknown): void {
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#context.auditor.violate('core.threw', this.id, 'step', detail.slice(0, 400));
    this.die('fault');
  }

  spins(): void {
    this.#context.auditor.violate(
      'loop.spins',
      this.id,
      this.id,
      'woken over and over for nothing',
    );
  }
}
