/** A tiny synchronous network of whole cores: two clocks, one queue of frames, faults on demand. */
import { DEFAULT_TIMING, type Timing } from '../src/agreement/timing.ts';
import { DEFAULT_LIMITS, type Limits, type PrivacySettings } from '../src/hub/config.ts';
import type { KeyChain } from '../src/identity/statements.ts';
import type { DesiredContainer, Reply, Request, SignedFrame } from '../src/messages.ts';
import type { Buckets } from '../src/order/buckets.ts';
import type { BuyOrder } from '../src/order/buy-order.ts';
import type { MachineSpec, Organization } from '../src/order/resource-spec.ts';
import type { SellOrder } from '../src/order/sell-order.ts';
import type { OfferWanted } from '../src/participant/reporter.ts';
import { DEFAULT_ROUNDS, type RoundSettings } from '../src/rounds/settings.ts';
import { type HubId, hubOf, type OrderId, type ParticipantId } from '../src/units/ids.ts';
import type { Now } from '../src/units/now.ts';
import { acme, resourceSpec, sellOrder, WALL_MS } from './fixtures.ts';
import { keysOf } from './keys.ts';
import { AgentNode, HubNode, Lessee, type Program, type Surroundings } from './nodes.ts';
import type { Store } from './store.ts';

export interface WorldSetup {
  hubs: HubId[];
  /** Participants that run an agent; ones that only rent are named under `lessees`. */
  lessors: ParticipantId[];
  lessees: ParticipantId[];
  pull?: ParticipantId[];
  /** Who owns whom; Acme owns everybody else. */
  organizations?: Partial<Record<ParticipantId, Organization>>;
  operators?: ParticipantId[];
  /** What agents round their lots down to. */
  buckets?: Buckets;
  timing?: Partial<Timing>;
  limits?: Partial<Limits>;
  /** What agents show of their keys. */
  keys?: Record<ParticipantId, KeyChain>;
  /** Without it, every order is matched by itself. */
  rounds?: Partial<RoundSettings>;
  /** Without it, everybody appears under the own name. */
  privacy?: PrivacySettings;
  waivedPeers?: HubId[];
  /** How rows travel; of single hubs in `panoramaOf`. */
  panorama?: 'mesh' | 'master';
  panoramaOf?: Partial<Record<HubId, 'mesh' | 'master'>>;
}

/** Long enough that a time counted from zero by mistake is seen. */
const START_MS = 5_000_000;

export class World implements Surroundings {
  elapsedMs = START_MS;
  /** Set it to make wall clocks jump. */
  wallShiftMs = WALL_MS - START_MS;
  readonly hubs = new Map<HubId, HubNode>();
  readonly agents = new Map<ParticipantId, AgentNode>();
  readonly lessees = new Map<ParticipantId, Lessee>();
  readonly setup: WorldSetup;
  /** Every frame that was posted, in order. */
  readonly posted: SignedFrame[] = [];
  /** Frames for which this is true are lost. */
  lose: (signed: SignedFrame) => boolean = () => false;
  programOf: (container: DesiredContainer) => Partial<Program> = () => ({});
  readonly #queue: { signed: SignedFrame; session: string | null }[] = [];

  constructor(setup: WorldSetup) {
    this.setup = setup;
    const timing = { ...DEFAULT_TIMING, ...setup.timing };
    const limits = { ...DEFAULT_LIMITS, ...setup.limits };
    const peers = setup.hubs.map((id) => ({ id, publicKey: keysOf(id).publicKey }));
    const collectOf = (id: ParticipantId): 'push' | 'pull' =>
      setup.pull?.includes(id) ? 'pull' : 'push';
    const ownerOf = (id: ParticipantId) => setup.organizations?.[id] ?? acme;
    for (const id of setup.hubs) {
      const members = [...setup.lessors, ...setup.lessees].filter((one) => hubOf(one) === id);
      const participants = members.map((member) => ({
        id: member,
        publicKey: keysOf(member).publicKey,
        organization: ownerOf(member),
        collect: collectOf(member),
        lends: setup.lessors.includes(member),
        operator: setup.operators?.includes(member) ?? false,
      }));
      const rounds = setup.rounds && { rounds: { ...DEFAULT_ROUNDS, ...setup.rounds } };
      const network = { network: 'net', operatorKey: keysOf('operator').publicKey };
      const panorama = setup.panoramaOf?.[id] ?? setup.panorama ?? ('mesh' as const);
      const config = {
        id,
        peers,
        participants,
        network,
        timing,
        limits,
        panorama,
        ...(setup.waivedPeers && { waivedPeers: setup.waivedPeers }),
        ...rounds,
        ...(setup.privacy && { privacy: setup.privacy }),
      };
      this.hubs.set(id, new HubNode(config, this));
    }
    for (const id of setup.lessors) {
      const hub = peers.find((peer) => peer.id === hubOf(id));
      if (!hub) throw new Error(`no hub for ${id}`);
      const organization = ownerOf(id);
      const buckets = setup.buckets && { buckets: setup.buckets };
      const keys = setup.keys?.[id];
      const shown = keys ? { keys } : {};
      const config = {
        id,
        hub,
        organization,
        collect: collectOf(id),
        timing,
        ...buckets,
        ...shown,
      };
      this.agents.set(id, new AgentNode(config, this));
    }
    for (const id of setup.lessees) this.lessees.set(id, new Lessee(id, 's1', this));
  }

  // ---- surroundings of the nodes ----

  now(): Now {
    return { elapsedMs: this.elapsedMs, wallMs: this.elapsedMs + this.wallShiftMs };
  }

  post(signed: SignedFrame, session: string | null): void {
    this.posted.push(signed);
    this.#queue.push({ signed, session });
  }

  program(container: DesiredContainer): Program {
    return { starts: true, runMs: Infinity, exitCode: 0, ...this.programOf(container) };
  }

  restart(node: HubNode): void {
    node.crash = null;
    node.reload();
    this.#connect(node);
  }

  /** The hub is gone, and comes back on an older copy of its store. */
  restore(id: HubId, backup: Store): this {
    this.hub(id).store = backup;
    this.restart(this.hub(id));
    return this.settle();
  }

  /** A new life of the agent; its containers go on. */
  restartAgent(id: ParticipantId): void {
    this.agent(id).reload();
    this.agent(id).step([{ kind: 'hub-connected' }]);
    this.settle();
  }

  // ---- running ----

  hub(id: HubId): HubNode {
    return this.hubs.get(id) as HubNode;
  }

  agent(id: ParticipantId): AgentNode {
    return this.agents.get(id) as AgentNode;
  }

  lessee(id: ParticipantId): Lessee {
    return this.lessees.get(id) as Lessee;
  }

  /** Hubs meet, agents register their machines; offers come by {@link offer}. */
  start(machines: Partial<Record<ParticipantId, MachineSpec[]>> = {}): this {
    for (const hub of this.hubs.values()) hub.step([]);
    for (const hub of this.hubs.values()) this.#meetPeers(hub);
    for (const [id, agent] of this.agents) {
      const own = machines[id];
      const organization = this.setup.organizations?.[id] ?? acme;
      const over = { organization, ...(own && { machines: own }) };
      const { participant, revision, ...spec } = resourceSpec(id, over);
      agent.step([{ kind: 'hub-connected' }, { kind: 'resource', spec }]);
    }
    for (const lessee of this.lessees.values()) lessee.send({ type: 'hello', role: 'lessee' });
    return this.settle();
  }

  #connect(node: HubNode): void {
    this.#meetPeers(node);
    for (const peer of this.hubs.values()) {
      if (peer !== node) peer.step([{ kind: 'peer-connected', hub: node.id }]);
    }
    for (const [id, agent] of this.agents) {
      if (hubOf(id) === node.id) agent.step([{ kind: 'hub-connected' }]);
    }
    for (const [id, lessee] of this.lessees) {
      if (hubOf(id) === node.id) lessee.send({ type: 'hello', role: 'lessee' });
    }
  }

  #meetPeers(node: HubNode): void {
    const peers = [...this.hubs.keys()].filter((id) => id !== node.id);
    node.step(peers.map((hub) => ({ kind: 'peer-connected', hub })));
  }

  offer(lessor: ParticipantId, over: Partial<SellOrder> = {}): this {
    const { participant, revision, termsRevision, ...offer } = sellOrder(lessor, over);
    this.agent(lessor).step([{ kind: 'offer', offer: offer satisfies OfferWanted }]);
    return this.settle();
  }

  /** Delivers frames until none is on the way. */
  settle(): this {
    for (let next = this.#queue.shift(); next; next = this.#queue.shift()) {
      if (!this.lose(next.signed)) this.deliver(next.signed, next.session);
    }
    return this;
  }

  deliver(signed: SignedFrame, session: string | null): void {
    const { to } = signed.frame;
    const input = { kind: 'frame', signed } as const;
    if (this.hubs.has(to)) this.hub(to).step([input]);
    else if (this.agents.get(to)?.core.session === session) this.agent(to).step([input]);
    else if (this.lessees.get(to)?.framer.session === session) {
      this.lessee(to).received.push(...signed.frame.messages);
    }
  }

  /** Lets time pass, waking every node when it asked for it. */
  run(ms: number, until: () => boolean = () => false): this {
    const endMs = this.elapsedMs + ms;
    const nodes = [...this.hubs.values(), ...this.agents.values()];
    while (!until()) {
      const nextMs = Math.min(...nodes.map((node) => node.nextWakeMs()));
      if (nextMs > endMs) {
        this.elapsedMs = endMs;
        break;
      }
      this.elapsedMs = Math.max(this.elapsedMs, nextMs);
      for (const node of nodes) if (node.nextWakeMs() <= this.elapsedMs) node.step([]);
      this.settle();
    }
    return this;
  }

  // ---- asking ----

  ask(lessee: ParticipantId, request: Request): Reply {
    const id = this.lessee(lessee).ask(request);
    const reply = this.settle().lessee(lessee).replyTo(id);
    if (!reply) throw new Error(`no reply to ${request.op}`);
    return reply;
  }

  /** Submits the order and returns its id; throws when it is refused. */
  submit(lessee: ParticipantId, order: BuyOrder, taskPrivate: string | null = null): OrderId {
    const document = this.lessee(lessee).sign(order);
    const reply = this.ask(lessee, { op: 'order.submit', document, taskPrivate });
    if (!reply.ok || reply.op !== 'order.submit') throw new Error(JSON.stringify(reply));
    return reply.order;
  }

  /** Submits orders that come to the hub in one step, after other frames; returns their ids. */
  submitTogether(
    lessee: ParticipantId,
    orders: readonly BuyOrder[],
    others: readonly SignedFrame[] = [],
  ): OrderId[] {
    const hub = hubOf(lessee);
    const together: SignedFrame[] = [];
    const { lose } = this;
    this.lose = (signed) => {
      if (signed.frame.to === hub && signed.frame.from === lessee) together.push(signed);
      return true;
    };
    const asked = orders.map((order) => {
      const document = this.lessee(lessee).sign(order);
      return this.lessee(lessee).ask({ op: 'order.submit', document, taskPrivate: null });
    });
    this.settle();
    this.lose = lose;
    this.hub(hub).step([...others, ...together].map((signed) => ({ kind: 'frame', signed })));
    this.settle();
    return asked.map((id) => {
      const reply = this.lessee(lessee).replyTo(id);
      if (!reply?.ok || reply.op !== 'order.submit') throw new Error(JSON.stringify(reply));
      return reply.order;
    });
  }

  view(lessee: ParticipantId, order: OrderId) {
    const reply = this.ask(lessee, { op: 'order.get', order });
    if (!reply.ok || reply.op !== 'order.get') throw new Error(JSON.stringify(reply));
    return reply.order;
  }

  /** Messages posted from one node to another, in order. */
  messages(from: string, to: string) {
    return this.posted.flatMap(({ frame }) =>
      frame.from === from && frame.to === to ? frame.messages : [],
    );
  }
}

/** Two hubs with one lessor each, and a lessee at the first one. */
export function twoHubs(over: Partial<WorldSetup> = {}): World {
  return new World({
    hubs: ['h1', 'h2'],
    lessors: ['ann.h1', 'bob.h2'],
    lessees: ['lea.h1'],
    ...over,
  });
}
