import { describe, expect, it } from 'vitest';
import { buyOrder } from '../../test/fixtures.ts';
import { keysOf } from '../../test/keys.ts';
import { fieldDigestsOf, openField, provesField } from './field-digests.ts';

const { crypto } = keysOf('anybody');
const order = buyOrder({ salt: 'b7c1', limitMicroPerReplicaHour: 5n, budgetMicro: 5n });

describe('digests of hidden fields', () => {
  const digests = fieldDigestsOf(crypto, order);

  it('are proven by the value and its salt, and by no other value', () => {
    const opening = openField(crypto, order, 'limit');
    expect(provesField(crypto, digests, opening)).toBe(true);
    expect(provesField(crypto, digests, { ...opening, value: 6n })).toBe(false);
  });

  it('of equal values differ, between fields and between orders', () => {
    const other = fieldDigestsOf(crypto, { ...order, salt: 'b7c2' });
    const all = [digests.limit, digests.budget, other.limit, other.budget];
    expect(new Set(all).size).toBe(4);
  });

  it('are not opened by the salt of another field', () => {
    const { salt } = openField(crypto, order, 'limit');
    const value = order.budgetMicro;
    expect(provesField(crypto, digests, { field: 'budget', salt, value })).toBe(false);
  });

  it('have salts of 128 bits', () => {
    expect(openField(crypto, order, 'lessee').salt).toMatch(/^[0-9a-f]{32}$/);
  });
});
