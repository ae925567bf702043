/** Whose turn it is when more orders wait than may be negotiated at once. */
import type { OrderRecord } from '../order/order-record.ts';
import type { ParticipantId } from '../units/ids.ts';

/**
 * Whoever has fewest agreements in negotiation goes first, so that nobody who sends many orders makes
 * the others wait for all of them. Orders of one lessee, and those whose turns are equal, stay as given.
 *
 * @param underWay  the lessee of each agreement in negotiation.
 */
export function inTurn(
  waiting: readonly OrderRecord[],
  underWay: Iterable<ParticipantId>,
): OrderRecord[] {
  const counts = new Map<ParticipantId, number>();
  const count = (lessee: ParticipantId) => {
    const turn = counts.get(lessee) ?? 0;
    counts.set(lessee, turn + 1);
    return turn;
  };
  for (const lessee of underWay) count(lessee);
  const turns = waiting.map((record) => ({ record, turn: count(record.order.lessee) }));
  return turns.sort((a, b) => a.turn - b.turn).map(({ record }) => record);
}
