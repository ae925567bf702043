/** Whether one lot suits one order, term by term in a fixed order, and how far off it is if not. */
import type { BuyOrder } from '../order/buy-order.ts';
import { replicasThatFit } from '../order/fit.ts';
import { replicaPriceMicroPerHour } from '../order/price.ts';
import type { Lot, SellOrder } from '../order/sell-order.ts';
import type { RefusalCode } from '../refusals.ts';
import { formatCredits, type Micro } from '../units/money.ts';
import { describeAmount } from '../units/quantity.ts';
import { AMOUNT_FIELDS, acceptsDevice } from '../units/resources.ts';

/** The first term that fails: what the order needs and what is there. */
export interface Shortfall {
  code: RefusalCode;
  need: string;
  have: string;
}

/** A lot that suits: price of one replica, effective score, and how many replicas it holds. */
export interface Suits {
  priceMicroPerHour: Micro;
  score: number;
  replicas: number;
}

/** Instead of a quantity that is not for whoever asks. */
export const LESS = 'less';

/** True for what fails by a quantity of the lessor's machines or of what is free of them. */
export function tellsStock(code: RefusalCode): boolean {
  return code === 'MATCH_RESOURCES' || code === 'MATCH_LOST_RACE' || code === 'MATCH_NO_CANDIDATE';
}

/** Terms in the order in which they are checked and explained. */
export const TERM_ORDER: readonly RefusalCode[] = [
  'MATCH_STALE_HUB',
  'MATCH_NO_OFFER',
  'MATCH_TASK',
  'MATCH_IMAGE_POLICY',
  'MATCH_RESOURCES',
  'MATCH_PERFORMANCE',
  'MATCH_PRICE',
];

/** Terms of the whole offer: task and image policy. @patent [0040] [0051] LSE-1 */
export function offerShortfall(offer: SellOrder, order: BuyOrder): Shortfall | undefined {
  const { capabilities, imagePolicy } = offer;
  const task = order.task.public;
  const missing = (need: string, have: string): Shortfall => ({ code: 'MATCH_TASK', need, have });
  if (!capabilities.kinds.includes(order.kind)) {
    return missing(order.kind, capabilities.kinds.join(', '));
  }
  if (task.architecture !== null && !capabilities.architectures.includes(task.architecture)) {
    return missing(task.architecture, capabilities.architectures.join(', '));
  }
  if (task.egress && !capabilities.egress) return missing('egress', 'no egress');
  const lacking = task.capabilities.filter((name) => !capabilities.capabilities.includes(name));
  if (lacking.length > 0) return missing(lacking.join(', '), capabilities.capabilities.join(', '));
  if (imagePolicy.allow.length > 0 && !imagePolicy.allow.some((p) => task.image.startsWith(p))) {
    return { code: 'MATCH_IMAGE_POLICY', need: task.image, have: imagePolicy.allow.join(', ') };
  }
  return undefined;
}

/**
 * Terms of one lot (already less what is reserved): resources, performance, price.
 *
 * @returns the shortfall, or what the lot can do for at most `limit` replicas.
 * @patent [0051] MAT-3
 */
export function lotSuits(
  offer: SellOrder,
  lot: Lot,
  order: BuyOrder,
  limit: number,
): Suits | Shortfall {
  const replicas = replicasThatFit(lot, order.replica, limit);
  if (replicas < 1) return resourceShortfall(lot, order);
  const slow = performanceShortfall(offer, lot, order);
  if (slow) return slow;
  const priceMicroPerHour = replicaPriceMicroPerHour(
    lot.asks,
    offer.efficiencyPermille,
    order.replica,
  );
  if (priceMicroPerHour > order.limitMicroPerReplicaHour) {
    const need = `at most ${formatCredits(order.limitMicroPerReplicaHour)} credits/h`;
    const have = `${formatCredits(priceMicroPerHour)} credits/h`;
    return { code: 'MATCH_PRICE', need, have };
  }
  return { priceMicroPerHour, score: effective(lot.performance.score, offer), replicas };
}

/** What a figure is worth under the provision's efficiency estimate, rounded down. @patent [0036] PAN-2 */
function effective(figure: number, offer: SellOrder): number {
  return Math.floor((figure * offer.efficiencyPermille) / 1000);
}

function resourceShortfall(lot: Lot, order: BuyOrder): Shortfall {
  for (const field of AMOUNT_FIELDS) {
    if (lot.amounts[field] < order.replica[field]) {
      const have = `${describeAmount(field, lot.amounts[field])} free in ${lot.id}`;
      const need = describeAmount(field, order.replica[field]);
      return { code: 'MATCH_RESOURCES', need, have };
    }
  }
  const wanted = order.replica.device;
  const accepted = wanted ? lot.devices.filter((device) => acceptsDevice(wanted, device)) : [];
  const need = wanted
    ? `${wanted.count} x ${wanted.shareMilli}/1000 of ${wanted.models.join('|') || 'any device'}`
    : 'nothing';
  const have = accepted.map((device) => `${device.milli}/1000 ${device.model}`).join(', ');
  return { code: 'MATCH_RESOURCES', need, have: have || `no such device in ${lot.id}` };
}

function performanceShortfall(offer: SellOrder, lot: Lot, order: BuyOrder): Shortfall | undefined {
  const required = order.performance;
  const fails = (need: string, have: string): Shortfall => ({
    code: 'MATCH_PERFORMANCE',
    need,
    have,
  });
  if (required.provision !== 'any' && required.provision !== offer.provision) {
    return fails(`provision ${required.provision}`, offer.provision);
  }
  for (const [name, value] of Object.entries(required.labels)) {
    const have = lot.labels[name];
    if (have !== value) return fails(`${name}=${value}`, `${name}=${have ?? ''}`);
  }
  const score = effective(lot.performance.score, offer);
  if (score < required.minScore) return fails(`score ${required.minScore}`, `score ${score}`);
  for (const { precision, giga } of required.minFlops) {
    const rate = lot.performance.flops.find((candidate) => candidate.precision === precision);
    const have = rate ? effective(rate.giga, offer) : 0;
    if (have < giga) return fails(`${giga} Gop/s ${precision}`, `${have} Gop/s ${precision}`);
  }
  return undefined;
}
