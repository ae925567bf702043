import { expect, it } from 'vitest';
import { buyOrder, lot, resourceSpec, sellOrder, WALL_MS } from '../../test/fixtures.ts';
import { keysOf } from '../../test/keys.ts';
import { Panorama } from '../panorama/panorama.ts';
import { Market } from './market.ts';

const ALL = (rows: readonly unknown[]) => rows.length;
const ORDER = buyOrder();
const SEARCH = { lots: 10, wallMs: WALL_MS, replicasMax: 100 };

it('forgets what a hub told under a revision that it told otherwise later', () => {
  const { crypto } = keysOf('h1');
  const liar = new Panorama('h2', 1, ['h1'], crypto);
  const panorama = new Panorama('h1', 1, ['h2'], crypto);
  const market = new Market(panorama);
  liar.publishResource('ann.h2', resourceSpec('ann.h2'));
  liar.publishLease('ann.h2', sellOrder('ann.h2', { lots: [lot()] }));
  const follow = () => {
    while (market.isBehind) market.followArrived(10);
    market.follow();
    return market.candidates(ORDER, SEARCH).map(({ replicas }) => replicas);
  };
  const tell = (cpuMillicores: number) => {
    const [chunk] = liar.snapshot(ALL);
    const shared = (chunk?.shared ?? []).map((row) => ({
      ...row,
      figures: row.figures.map((figure, place) => (place === 4 ? cpuMillicores : figure)),
    }));
    if (chunk) panorama.applySnapshot('h2', { ...chunk, shared });
    panorama.heard('h2', 0);
    return follow();
  };
  expect(tell(8_000)).toEqual([8]);
  expect(tell(2_000)).toEqual([2]);
});
