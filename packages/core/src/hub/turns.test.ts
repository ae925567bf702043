/** Who goes first where more orders wait than places are free. */
import { expect, it } from 'vitest';
import { buyOrder } from '../../test/fixtures.ts';
import type { OrderRecord } from '../order/order-record.ts';
import { inTurn } from './turns.ts';

/** Orders as they wait: only who sent them counts here. */
function waiting(...names: string[]): OrderRecord[] {
  return names.map((id) => {
    const order = buyOrder({ lessee: `${id.slice(0, 3)}.h1` });
    return { id, order } as OrderRecord;
  });
}

const idsOf = (records: readonly OrderRecord[]) => records.map(({ id }) => id);

it('gives each lessee a turn before anybody gets a second one', () => {
  const orders = waiting('lea1', 'lea2', 'lea3', 'lou1', 'lea4', 'max1', 'lou2');
  expect(idsOf(inTurn(orders, []))).toEqual([
    ...['lea1', 'lou1', 'max1', 'lea2', 'lou2', 'lea3', 'lea4'],
  ]);
});

it('counts what is in negotiation already as turns that were had', () => {
  const orders = waiting('lea1', 'lou1', 'lou2');
  expect(idsOf(inTurn(orders, ['lea.h1', 'lea.h1']))).toEqual(['lou1', 'lou2', 'lea1']);
});

it('leaves the orders of one lessee as they come', () => {
  const orders = waiting('lea3', 'lea1', 'lea2');
  expect(idsOf(inTurn(orders, ['lea.h1']))).toEqual(['lea3', 'lea1', 'lea2']);
});
