/** A hub negotiates no more agreements at once than it may: what is in negotiation stays quick. */
import type { Commit } from './mirror.ts';
import type { Model } from './model.ts';

/** Nothing begins while others fill all places, whatever a hub had in negotiation before. */
export function checkTurns(model: Model, { hub, changes }: Commit): void {
  const began = changes.agreement.filter(({ before, after }) => {
    return before === undefined && after.state === 'preparing';
  });
  const [first] = began;
  if (!first) return;
  const most = model.scenario.limits.agreementsPreparing;
  const preparing = [...hub.records.agreement.values()].filter(
    ({ state }) => state === 'preparing',
  );
  if (preparing.length <= most) return;
  model.violate('turns.too-many', hub.id, first.after.id, `${preparing.length} of ${most}`);
}
