import { expect, it } from 'vitest';
import {
  asks,
  buyOrder,
  CREDIT,
  lot,
  resourceSpec,
  sellOrder,
  WALL_MS,
} from '../../test/fixtures.ts';
import { keysOf } from '../../test/keys.ts';
import { Market } from '../matching/market.ts';
import { Panorama } from '../panorama/panorama.ts';
import { answerOf } from './answer.ts';
import { compile } from './compile.ts';
import type { RoundOrder } from './market.ts';

function roundOrder(at: number): RoundOrder {
  const want = { min: 1, max: 1, budgetMicro: 1_000n * CREDIT };
  return { id: `o-${at}`, order: buyOrder({ salt: `s${at}` }), want, age: 0 };
}

it('goes on without a lot whose hub tells another price under the same terms', () => {
  const { crypto } = keysOf('h1');
  const liar = new Panorama('h2', 1, ['h1'], crypto);
  const panorama = new Panorama('h1', 1, ['h2'], crypto);
  const market = new Market(panorama);
  liar.publishResource('ann.h2', resourceSpec('ann.h2'));
  const tell = (cpuMicroPerCoreHour: bigint) => {
    const lots = [lot('m1', { asks: asks({ cpuMicroPerCoreHour }) })];
    liar.publishLease('ann.h2', sellOrder('ann.h2', { lots }));
    for (const chunk of liar.snapshot((rows) => rows.length)) panorama.applySnapshot('h2', chunk);
    panorama.heard('h2', 0);
    market.followArrived(10);
  };
  tell(CREDIT);
  const view = { market, wallMs: WALL_MS };
  const pieces = compile(() => view, [roundOrder(0), roundOrder(1)], 1_000);
  pieces.next();
  tell(CREDIT / 2n);
  let next = pieces.next();
  while (!next.done) next = pieces.next();
  const { round } = next.value;
  expect(round.wishes.map((wishes) => wishes.lot.length)).toEqual([1, 0]);
  const answered = answerOf(next.value, null);
  expect(() => [...answered]).not.toThrow();
});
