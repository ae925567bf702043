/** Hubs, agents and lessees of a test world: a core, its store, and what the shell would do. */
import type { HubConfig } from '../src/hub/config.ts';
import type { HubEffect } from '../src/hub/context.ts';
import { HubCore, type HubInput } from '../src/hub/hub-core.ts';
import type { DesiredContainer, Message, Reply, Request, SignedFrame } from '../src/messages.ts';
import type { BuyOrder } from '../src/order/buy-order.ts';
import type { ParticipantConfig } from '../src/participant/config.ts';
import {
  ParticipantCore,
  type ParticipantEffect,
  type ParticipantInput,
} from '../src/participant/participant-core.ts';
import type { Send } from '../src/step.ts';
import { type SignedDocument, signDocument } from '../src/units/document.ts';
import { hubOf, type NodeId, type OrderId, type ParticipantId } from '../src/units/ids.ts';
import type { JsonValue } from '../src/units/json.ts';
import type { Now } from '../src/units/now.ts';
import { envOf } from './documents.ts';
import { Framer } from './framer.ts';
import { keysOf } from './keys.ts';
import { Store } from './store.ts';

/** What nodes need of the world around them. */
export interface Surroundings {
  now(): Now;
  post(signed: SignedFrame, session: string | null): void;
  /** A hub process ended after (or before) its commit and starts again. */
  restart(node: HubNode): void;
  program(container: DesiredContainer): Program;
}

/** What a container does; `runMs` Infinity runs until it is stopped. */
export interface Program {
  starts: boolean;
  /** Why it does not. */
  failure?: 'start-failed' | 'key-invalid';
  runMs: number;
  exitCode: number;
  /** Runs on when it is asked to end, until it is killed. */
  stubborn?: boolean;
}

/** In which step of the process it crashes: what it had committed stays, messages are lost. */
export interface Crash {
  atStep: number;
  committed: boolean;
}

export class HubNode {
  readonly id: NodeId;
  store = new Store();
  readonly effects: HubEffect[] = [];
  core: HubCore;
  framer: Framer;
  steps = 0;
  crash: Crash | null = null;
  diskLow = false;
  /** Whose key its next life signs with: it has its own until it changes. */
  keyName: string;
  readonly #config: HubConfig;
  readonly #world: Surroundings;

  constructor(config: HubConfig, world: Surroundings) {
    this.id = config.id;
    this.keyName = config.id;
    this.#config = config;
    this.#world = world;
    this.core = this.#load();
    this.framer = this.#newFramer();
  }

  #load(): HubCore {
    const { publicKey } = keysOf(this.keyName);
    const peers = this.#config.peers.map((peer) =>
      peer.id === this.id ? { ...peer, publicKey } : peer,
    );
    const env = envOf(this.keyName);
    return new HubCore({ ...this.#config, peers }, env, this.#world.now(), this.store.live());
  }

  #newFramer(): Framer {
    const { epoch } = this.core;
    return new Framer(this.id, `e${epoch}`, epoch, this.keyName);
  }

  /** A new life of the process, from committed records only. */
  reload(): void {
    this.core = this.#load();
    this.framer = this.#newFramer();
  }

  nextWakeMs(): number {
    return this.core.nextWakeMs();
  }

  step(inputs: readonly HubInput[]): Send[] {
    this.steps += 1;
    const crashes = this.crash?.atStep === this.steps ? this.crash : null;
    const { writes, sends, effects } = this.core.step(this.#world.now(), inputs, this.diskLow);
    if (!crashes || crashes.committed) this.store.commit(writes);
    if (crashes) {
      this.#world.restart(this);
      return [];
    }
    this.effects.push(...effects);
    if (effects.some(({ kind }) => kind === 'restart')) {
      this.#world.restart(this);
      return [];
    }
    for (const { to, session, messages } of grouped(sends)) {
      this.#world.post(this.framer.frame(to, messages, this.#world.now().wallMs), session);
    }
    return sends;
  }
}

/** One frame per receiver and session, as the shells make them. */
function grouped(sends: readonly Send[]) {
  const groups = new Map<string, { to: NodeId; session: string | null; messages: Message[] }>();
  for (const { to, session, message } of sends) {
    const key = `${to} ${session}`;
    const group = groups.get(key) ?? { to, session, messages: [] };
    groups.set(key, group);
    group.messages.push(message);
  }
  return groups.values();
}

export class AgentNode {
  readonly id: ParticipantId;
  readonly store = new Store();
  readonly effects: ParticipantEffect[] = [];
  /** Every start of a container, ever. */
  readonly started: DesiredContainer[] = [];
  core: ParticipantCore;
  framer: Framer;
  readonly #config: ParticipantConfig;
  readonly #world: Surroundings;
  readonly #endsAtMs = new Map<string, number>();
  readonly #exitCodes = new Map<string, number>();
  readonly #stubborn = new Set<string>();
  readonly #killed = new Set<string>();

  constructor(config: ParticipantConfig, world: Surroundings) {
    this.id = config.id;
    this.#config = config;
    this.#world = world;
    this.core = this.#load();
    this.framer = new Framer(this.id, this.core.session);
  }

  #load(): ParticipantCore {
    return new ParticipantCore(this.#config, envOf(this.id), this.#world.now(), this.store.live());
  }

  reload(): void {
    this.core = this.#load();
    this.framer = new Framer(this.id, this.core.session);
  }

  get running(): string[] {
    return [...this.#endsAtMs.keys()];
  }

  nextWakeMs(): number {
    return Math.min(this.core.nextWakeMs(), ...this.#endsAtMs.values());
  }

  step(inputs: readonly ParticipantInput[]): void {
    const { writes, sends, effects } = this.core.step(this.#world.now(), [
      ...inputs,
      ...this.#ended(),
    ]);
    this.store.commit(writes);
    this.effects.push(...effects);
    for (const { to, messages } of grouped(sends)) {
      this.#world.post(this.framer.frame(to, messages, this.#world.now().wallMs), null);
    }
    const reports = effects.flatMap((effect) => this.#carryOut(effect));
    if (reports.length > 0) this.step(reports);
  }

  #ended(): ParticipantInput[] {
    const { elapsedMs } = this.#world.now();
    const over = [...this.#endsAtMs].filter(([, atMs]) => atMs <= elapsedMs);
    return over.map(([id]) => {
      this.#endsAtMs.delete(id);
      if (this.#killed.delete(id)) {
        return { kind: 'container-exited', id, exitCode: null, reason: 'stopped' };
      }
      const exitCode = this.#exitCodes.get(id) ?? 0;
      return { kind: 'container-exited', id, exitCode, reason: 'exit' };
    });
  }

  #carryOut(effect: ParticipantEffect): ParticipantInput[] {
    if (effect.kind === 'start') {
      const { id } = effect.container;
      this.started.push(effect.container);
      const {
        starts,
        runMs,
        exitCode,
        stubborn,
        failure = 'start-failed',
      } = this.#world.program(effect.container);
      if (!starts) return [{ kind: 'container-exited', id, exitCode: null, reason: failure }];
      this.#endsAtMs.set(id, this.#world.now().elapsedMs + runMs);
      this.#exitCodes.set(id, exitCode);
      if (stubborn) this.#stubborn.add(id);
      return [{ kind: 'container-started', id }];
    }
    if (effect.kind === 'collect') return [{ kind: 'container-closed', id: effect.id }];
    if (effect.kind === 'stop' && this.#stubborn.has(effect.id)) {
      const atMs = this.#world.now().elapsedMs + effect.graceMs;
      if (this.#endsAtMs.has(effect.id) && !this.#killed.has(effect.id)) {
        this.#endsAtMs.set(effect.id, atMs);
        this.#killed.add(effect.id);
      }
      return [];
    }
    if (effect.kind !== 'stop' || !this.#endsAtMs.delete(effect.id)) return [];
    return [{ kind: 'container-exited', id: effect.id, exitCode: null, reason: 'stopped' }];
  }
}

/** A lessee's client: signs orders, asks, and keeps what its hub tells it. */
export class Lessee {
  readonly id: ParticipantId;
  readonly framer: Framer;
  readonly received: Message[] = [];
  readonly #world: Surroundings;
  #requests = 0;

  constructor(id: ParticipantId, session: string, world: Surroundings) {
    this.id = id;
    this.framer = new Framer(id, session);
    this.#world = world;
  }

  send(message: Message): void {
    const { wallMs } = this.#world.now();
    this.#world.post(this.framer.frame(hubOf(this.id), [message], wallMs), null);
  }

  sign(order: BuyOrder): SignedDocument {
    const value = { ...order, lessee: this.id } as unknown as JsonValue;
    return signDocument(keysOf(this.id).crypto, this.id, 'buy-order', value);
  }

  /** Sends the request and names it; the reply is there once the world has settled. */
  ask(request: Request): string {
    this.#requests += 1;
    const requestId = `r${this.#requests}`;
    this.send({ type: 'request', requestId, request });
    return requestId;
  }

  replyTo(requestId: string): Reply | undefined {
    for (const message of this.received) {
      if (message.type === 'reply' && message.requestId === requestId) return message.reply;
    }
    return undefined;
  }

  /** The order's events as they were pushed. */
  events(order: OrderId): string[] {
    return this.received.flatMap((message) =>
      message.type === 'order-event' && message.order === order ? [message.event.name] : [],
    );
  }
}
