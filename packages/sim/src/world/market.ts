/** What participants want over time: orders in bursts, offers that change, and a last probe. */
import type { NodeId } from '@sparegrid/core/units/ids';
import type { Rng } from '../kernel/rng.ts';
import type { SimAgent } from '../nodes/sim-agent.ts';
import type { SimLessee } from '../nodes/sim-lessee.ts';
import { changeOffer, type OfferChange, slices } from '../workload/offers.ts';
import { makeOrder, makeProbe, makeRacer, makeWide } from '../workload/orders.ts';
import type { Context } from './context.ts';
import type { Size } from './scenario.ts';

const FIRST_ORDER_MS = 6_000;
const ORDER_EVERY_MS = 1_500;
const CHANGE_EVERY_MS = 12_000;
const CHANGES: readonly OfferChange[] = [
  'stock',
  'stock',
  'stock',
  'price',
  'attributes',
  'withdraw',
  'renew',
  'boast',
];

export class Market {
  readonly #context: Context;
  readonly #agents: ReadonlyMap<NodeId, SimAgent>;
  readonly #lessees: ReadonlyMap<NodeId, SimLessee>;

  constructor(
    context: Context,
    agents: ReadonlyMap<NodeId, SimAgent>,
    lessees: ReadonlyMap<NodeId, SimLessee>,
  ) {
    this.#context = context;
    this.#agents = agents;
    this.#lessees = lessees;
  }

  /** Faults last a little longer than orders come in. */
  static faultsUntilMs({ orders }: Size): number {
    return FIRST_ORDER_MS + Math.max(60_000, orders * ORDER_EVERY_MS) + 15_000;
  }

  begin(): void {
    const { scenario, rng } = this.#context;
    const random = rng.fork('orders');
    const lastMs = Market.faultsUntilMs(scenario.size) - 15_000;
    const names = [...this.#lessees.keys()];
    let atMs = FIRST_ORDER_MS;
    for (let made = 0; made < scenario.size.orders; ) {
      if (!random.chance(500)) atMs = random.between(FIRST_ORDER_MS, lastMs);
      // Eager orders at all hubs at one moment: that is when races are lost.
      const isRace = random.chance(250);
      const make = isRace ? makeRacer : random.chance(300) ? makeWide : makeOrder;
      const group = isRace ? random.shuffle(names) : [random.pick(names)];
      for (const name of group.slice(0, scenario.size.orders - made)) {
        const spreadMs = isRace ? 2 : 20;
        this.#order(name, atMs + random.between(0, spreadMs), random.fork(`order ${made}`), make);
        made += 1;
      }
    }
    for (const agent of this.#agents.values()) this.#changeLater(agent, lastMs);
  }

  #order(name: NodeId, atMs: number, random: Rng, make: typeof makeOrder): void {
    const { queue } = this.#context;
    queue.at(atMs, () => {
      const lessee = this.#lessees.get(name);
      lessee?.submit(make(random, name, lessee.clock.wallMs(queue.nowMs)));
    });
  }

  /** In the end every lessor offers what it has, so that the probe finds something. */
  #changeLater(agent: SimAgent, lastMs: number): void {
    const { queue, rng, scenario } = this.#context;
    const participant = scenario.participants.find(({ id }) => id === agent.participant);
    if (!participant) return;
    const random = rng.fork(`offers ${agent.participant}`);
    const { spec, offer } = participant;
    const machines = slices(spec.machines, spec.provision === 'distributed');
    const change = (kind: OfferChange) =>
      agent.changeOffer((present) => changeOffer(random, kind, machines, offer, present));
    for (
      let atMs = CHANGE_EVERY_MS;
      atMs < lastMs;
      atMs += random.between(500, 2 * CHANGE_EVERY_MS)
    ) {
      const kind = random.pick(CHANGES);
      queue.at(atMs, () => change(kind));
      if (kind === 'withdraw' || kind === 'boast')
        queue.at(atMs + random.between(500, 8_000), () => change('return'));
    }
    queue.at(Market.faultsUntilMs(scenario.size) + 1, () => change('return'));
  }

  /** One order per lessee that anybody can fill: after everything, the market still works. */
  probe(): void {
    const { queue, rng } = this.#context;
    for (const [name, lessee] of this.#lessees) {
      lessee.probe(makeProbe(rng.fork(`probe ${name}`), name, lessee.clock.wallMs(queue.nowMs)));
    }
  }

  get pending(): number {
    let pending = 0;
    for (const lessee of this.#lessees.values()) pending += lessee.pending;
    return pending;
  }
}
