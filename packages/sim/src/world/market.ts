/** What participants want over time: orders in bursts, offers that change, and a last probe. */
import type { NodeId } from '@sparegrid/core/units/ids';
import type { SimAgent } from '../nodes/sim-agent.ts';
import type { SimLessee } from '../nodes/sim-lessee.ts';
import { changeOffer, type OfferChange, slices } from '../workload/offers.ts';
import { makeOrder, makeProbe } from '../workload/orders.ts';
import type { Context } from './context.ts';
import type { Size } from './scenario.ts';

const FIRST_ORDER_MS = 6_000;
const ORDER_EVERY_MS = 1_500;
const CHANGE_EVERY_MS = 12_000;
const CHANGES: readonly OfferChange[] = ['stock', 'stock', 'stock', 'price', 'attributes', 'withdraw', 'renew'];

export class Market {
  readonly #context: Context;
  readonly #agents: ReadonlyMap<NodeId, SimAgent>;
  readonly #lessees: ReadonlyMap<NodeId, SimLessee>;
  /** Virtual time at which the last order was sent. */
  #lastOrderMs = 0;

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
    const { scenario, queue, rng } = this.#context;
    const random = rng.fork('orders');
    const lastMs = Market.faultsUntilMs(scenario.size) - 15_000;
    const names = [...this.#lessees.keys()];
    let atMs = FIRST_ORDER_MS;
    for (let made = 0; made < scenario.size.orders; made += 1) {
      // Bursts at several hubs at one moment: that is when races are lost.
      if (!random.chance(600)) atMs = random.between(FIRST_ORDER_MS, lastMs);
      const name = random.pick(names);
      const seed = random.fork(`order ${made}`);
      queue.at(atMs + random.between(0, 20), () => {
        const lessee = this.#lessees.get(name);
        lessee?.submit(makeOrder(seed, name, lessee.clock.wallMs(queue.nowMs)));
      });
      this.#lastOrderMs = Math.max(this.#lastOrderMs, atMs + 20);
    }
    for (const agent of this.#agents.values()) this.#changeLater(agent, lastMs);
  }

  get lastOrderMs(): number {
    return this.#lastOrderMs;
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
    for (let atMs = CHANGE_EVERY_MS; atMs < lastMs; atMs += random.between(500, 2 * CHANGE_EVERY_MS)) {
      const kind = random.pick(CHANGES);
      queue.at(atMs, () => change(kind));
      if (kind === 'withdraw') queue.at(atMs + random.between(500, 8_000), () => change('return'));
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
