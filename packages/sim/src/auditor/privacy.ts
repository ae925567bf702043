/** A party learns what its role needs: names keep their bearers secret, and change when they may. */
import type { Send } from '@sparegrid/core/step';
import type { Commit } from './mirror.ts';
import type { Model } from './model.ts';
import { parseStored, stableText } from './stored-text.ts';

/** A lessor with parts that hold quantities keeps the name by which their parties know it. */
export function checkNames(model: Model, { hub, changes }: Commit): void {
  for (const { key, before, after } of changes.registry) {
    const [old, name] = [before?.veil?.name, after.veil?.name];
    if (old === undefined || old === name) continue;
    // Under the new name it may be leased in the very step.
    const live = model
      .livePartsOf(hub, key)
      .filter(({ terms }) => model.names.signed(terms).lessor === old);
    if (live.length === 0) continue;
    model.violate('name.changed-under-lease', hub.id, key, `${live[0]?.id} knows it as ${old}`);
  }
}

/** What goes to another hub names no participant, no owner, and no limit or budget. */
export function checkTellsNobody(model: Model, hub: string, sends: readonly Send[]): void {
  if (!model.scenario.privacy) return;
  for (const { to, message } of sends) {
    if (!model.hubs.has(to)) continue;
    // The private part of a task is not for hubs either; who sealed it is checked elsewhere.
    const text = stableText({ ...message, taskPrivate: null });
    for (const { id, organization } of model.scenario.participants) {
      const sign = [id, organization.id, organization.name].find((one) => text.includes(one));
      if (sign) model.violate('privacy.name-told', hub, to, `${message.type} holds ${sign}`);
    }
    if (message.type === 'prepare') checkHidden(model, hub, message.document.payload);
  }
}

function checkHidden(model: Model, hub: string, payload: string): void {
  const { agreement } = parseStored<{ agreement: string }>(payload);
  const order = model.hub(hub).records.agreement.get(agreement)?.order ?? '';
  const record = model.hub(hub).records.order.get(order);
  if (record && payload.includes(`"${record.order.salt}"`)) {
    model.violate('privacy.salt-told', hub, agreement, 'hidden fields can be guessed with it');
  }
}
