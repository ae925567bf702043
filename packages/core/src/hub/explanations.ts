/** A page of explanations: only the lessors on it are looked at, however many there are. */
import { type Explanation, explainLessor } from '../matching/explain.ts';
import type { PageMark } from '../messages.ts';
import type { BuyOrder } from '../order/buy-order.ts';
import type { ParticipantId } from '../units/ids.ts';
import type { HubContext } from './context.ts';
import { pageOfIds } from './paging.ts';

/** @param lostRaces lessors that refused this order because somebody else was faster. */
export function explanationsOf(
  context: HubContext,
  from: ParticipantId,
  order: BuyOrder,
  lostRaces: ReadonlySet<ParticipantId>,
  after: PageMark,
): { page: Explanation[]; next: PageMark } {
  const { market, config } = context;
  const hidesStock = context.hidesStockFrom(from);
  const view = { market, wallMs: context.now().wallMs, hidesStock };
  const explain = (lessor: ParticipantId) => explainLessor(view, lessor, order, lostRaces);
  return pageOfIds(lessorsOf(context), after, config.limits.pageLength, explain);
}

function* lessorsOf({ panorama }: HubContext): Generator<ParticipantId> {
  for (const { resources } of panorama.parts.values()) yield* resources.presentKeys();
}
