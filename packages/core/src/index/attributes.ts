/** What lots share: terms of whole offers, and labels with speeds; compared once per query. */
import type { BuyOrder } from '../order/buy-order.ts';
import type { ImagePolicy, Lot, SellOrder, TaskCapabilities } from '../order/sell-order.ts';
import { hashText } from '../units/hash-text.ts';
import { type HubId, hubOf } from '../units/ids.ts';
import type { FlopsRate, Provision } from '../units/resources.ts';

/** The part of an offer that says what may run there, with the hub that answers for it. */
export interface Terms {
  hub: HubId;
  provision: Provision;
  efficiencyPermille: number;
  capabilities: TaskCapabilities;
  imagePolicy: ImagePolicy;
  /** Bits that a query asks for: a lot without one of them cannot suit. */
  flags: number;
}

/** Labels and speeds of a lot; `giga` is what is left of it under the offer's efficiency. */
export interface Traits {
  labels: Readonly<Record<string, string>>;
  flops: readonly FlopsRate[];
  flags: number;
}

const KIND_BITS = { job: 1, service: 2 } as const;
const EGRESS_BIT = 4;
const PROVISION_BITS = { single: 8, distributed: 16 } as const;

/** One of 13 bits for an architecture, one of 14 for a capability. */
const architectureBit = (name: string) => 1 << (5 + (hashText(name) % 13));
const capabilityBit = (name: string) => 1 << (18 + (hashText(name) % 14));
const labelBit = (name: string, value: string) => 1 << (hashText(`${name}=${value}`) & 31);

export function termsOf(offer: SellOrder): Terms {
  const { provision, efficiencyPermille, capabilities, imagePolicy } = offer;
  let flags = PROVISION_BITS[provision] | (capabilities.egress ? EGRESS_BIT : 0);
  for (const kind of capabilities.kinds) flags |= KIND_BITS[kind];
  for (const name of capabilities.architectures) flags |= architectureBit(name);
  for (const name of capabilities.capabilities) flags |= capabilityBit(name);
  const hub = hubOf(offer.participant);
  return { hub, provision, efficiencyPermille, capabilities, imagePolicy, flags };
}

export function termsKey({ hub, provision, efficiencyPermille, ...rest }: Terms): string {
  const { kinds, architectures, egress, capabilities } = rest.capabilities;
  const { allow } = rest.imagePolicy;
  const task = [kinds, architectures, egress, capabilities, allow];
  return JSON.stringify([hub, provision, efficiencyPermille, task]);
}

/** Bits that the terms of a suitable lot all have. */
export function termsMask({ kind, task, performance }: BuyOrder, waived: Waived): number {
  const { architecture, egress, capabilities } = task.public;
  const { provision } = performance;
  let mask = provision === 'any' ? 0 : PROVISION_BITS[provision];
  if (waived === 'task') return mask;
  mask |= KIND_BITS[kind] | (egress ? EGRESS_BIT : 0);
  if (architecture !== null) mask |= architectureBit(architecture);
  for (const name of capabilities) mask |= capabilityBit(name);
  return mask;
}

/** Bits that the traits of a suitable lot all have. */
export function traitsMask({ performance }: BuyOrder): number {
  let mask = 0;
  for (const [name, value] of Object.entries(performance.labels)) mask |= labelBit(name, value);
  return mask;
}

/** Terms that a search passes over: none, the image policy, or that and the task. */
export type Waived = 'none' | 'image-policy' | 'task';

/** The same verdict as the matcher's on the whole offer, and on its provision. */
export function termsSuit(terms: Terms, order: BuyOrder, waived: Waived): boolean {
  const { capabilities, imagePolicy, provision } = terms;
  const task = order.task.public;
  const required = order.performance.provision;
  if (required !== 'any' && required !== provision) return false;
  if (waived === 'task') return true;
  return (
    capabilities.kinds.includes(order.kind) &&
    (task.architecture === null || capabilities.architectures.includes(task.architecture)) &&
    (!task.egress || capabilities.egress) &&
    task.capabilities.every((name) => capabilities.capabilities.includes(name)) &&
    (waived === 'image-policy' ||
      imagePolicy.allow.length === 0 ||
      imagePolicy.allow.some((prefix) => task.image.startsWith(prefix)))
  );
}

export function traitsOf({ labels, performance }: Lot, efficiencyPermille: number): Traits {
  let flags = 0;
  for (const [name, value] of Object.entries(labels)) flags |= labelBit(name, value);
  const flops = performance.flops.map(({ precision, giga }) => ({
    precision,
    giga: Math.floor((giga * efficiencyPermille) / 1000),
  }));
  return { labels: { ...labels }, flops, flags };
}

export function traitsKey({ labels, flops }: Traits): string {
  const names = Object.keys(labels).sort();
  return JSON.stringify([
    names.flatMap((name) => [name, labels[name]]),
    flops.flatMap(({ precision, giga }) => [precision, giga]),
  ]);
}

/** The same verdict as the matcher's on labels and speeds. */
export function traitsSuit({ labels, flops }: Traits, { performance }: BuyOrder): boolean {
  for (const [name, value] of Object.entries(performance.labels)) {
    if (labels[name] !== value) return false;
  }
  return performance.minFlops.every(({ precision, giga }) => {
    const rate = flops.find((candidate) => candidate.precision === precision);
    return (rate?.giga ?? 0) >= giga;
  });
}
