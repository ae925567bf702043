/** Which part of a sell order is terms (price, attributes) and which is quantity. */
import { canonicalJson, type JsonValue } from '../units/json.ts';
import type { Lot, SellOrder } from './sell-order.ts';

type Offer = Omit<SellOrder, 'participant' | 'revision' | 'termsRevision'>;

/**
 * True when anything but quantities and validity differs: asks, performance and labels of a lot, or
 * a lot that was not there before, since it may have come back at other asks. A lot that goes is a
 * quantity.
 */
export function termsDiffer(before: Offer, after: Offer): boolean {
  if (headText(before) !== headText(after)) return true;
  const known = new Map(before.lots.map((lot) => [lot.id, lot]));
  return after.lots.some((lot) => {
    const was = known.get(lot.id);
    return was === undefined || lotText(was) !== lotText(lot);
  });
}

function headText(offer: Offer): string {
  const { provision, efficiencyPermille, capabilities, imagePolicy } = offer;
  return text({ provision, efficiencyPermille, capabilities, imagePolicy });
}

function lotText({ asks, performance, labels }: Lot): string {
  return text({ asks, performance, labels });
}

function text(value: object): string {
  return canonicalJson(value as JsonValue);
}
