/** Records of which only the progress is written, as a restart and others read them. */
import { describe, expect, it } from 'vitest';
import { buyOrder } from '../../test/fixtures.ts';
import { twoHubs } from '../../test/world.ts';
import { KEPT_AGREEMENT, KEPT_PART } from '../agreement/kept.ts';
import { KEPT_ORDER } from '../order/kept.ts';
import { readKept } from './kept.ts';

describe('records with progress', () => {
  const world = twoHubs().start().offer('ann.h1').offer('bob.h2');
  world.submit('lea.h1', buyOrder({ count: { min: 6, max: 6 } }));
  world.run(20_000);

  it('read from the store as they are in memory', () => {
    for (const { core, store } of world.hubs.values()) {
      const records = store.live();
      expect(readKept(KEPT_ORDER, records)).toEqual(core.orders);
      expect(readKept(KEPT_AGREEMENT, records)).toEqual(core.agreements);
      expect(readKept(KEPT_PART, records)).toEqual(core.parts);
    }
    expect(world.hub('h1').core.orders.size).toBe(1);
  });

  it('hold what was signed once, as the signed text', () => {
    for (const { store } of world.hubs.values()) {
      for (const { table, text } of store.live()) {
        if (table === 'part' || table === 'agreement') {
          expect(text.split('orderDigest').length).toBe(text.split('"document"').length);
        }
      }
    }
  });

  it('do not have their texts written again', () => {
    for (const { store } of world.hubs.values()) {
      for (const { table, text } of store.live()) {
        if (table.endsWith('-progress')) expect(text).not.toContain('orderDigest');
      }
    }
    const tables = new Set(
      world
        .hub('h1')
        .store.live()
        .map(({ table }) => table),
    );
    expect(tables).toContain('order-progress');
    expect(tables).toContain('agreement-progress');
    expect(tables).toContain('part-progress');
  });

  it('are taken from a store that has none beside them', () => {
    const whole = world
      .hub('h1')
      .store.live()
      .filter(({ table }) => table === 'order');
    expect(readKept(KEPT_ORDER, whole).size).toBe(1);
  });
});
