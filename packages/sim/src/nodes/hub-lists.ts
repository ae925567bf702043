/** The network's operator hands a newer list of hubs to one of them, now and then: all must get it. */
import { OPERATOR, signHubList } from '@sparegrid/core/identity/statements';
import type { SignedDocument } from '@sparegrid/core/units/document';
import type { HubId } from '@sparegrid/core/units/ids';
import { LISTS_SIGNED } from '../auditor/hub-lists.ts';
import type { Keyring } from '../kernel/keyring.ts';
import type { Context } from '../world/context.ts';
import type { SimHub } from './sim-hub.ts';
import { NETWORK } from './sim-hub.ts';

const RETRY_MS = 1_500;
const COMMIT_MS = 5;

/** Lists from this one on have both keys of the hubs that change theirs. */
const CHANGED_FROM = 2;

/** The key that a hub changes to is that of this name. */
const nextName = (hub: HubId) => `${hub} next`;

/** @param changing  hubs whose next key is listed before their former one. */
function hubListOf(
  keyring: Keyring,
  hubs: readonly HubId[],
  revision: number,
  changing: readonly HubId[],
): SignedDocument {
  const namesOf = (id: HubId) => (changing.includes(id) ? [nextName(id), id] : [id]);
  const listed = hubs.map((id) => ({
    id,
    signKeys: namesOf(id).map((name) => keyring.publicKeyOf(name)),
    mesh: ['sim'],
  }));
  const list = { network: NETWORK, revision, hubs: listed };
  return signHubList(keyring.cryptoOf(OPERATOR), list);
}

export function handOutHubLists(context: Context, hubs: ReadonlyMap<HubId, SimHub>): void {
  const rng = context.rng.fork('hub lists');
  const { queue, plan, keyring, scenario } = context;
  const changing = changeKeys(context, hubs);
  for (let revision = 1; revision <= LISTS_SIGNED; revision += 1) {
    const hub = hubs.get(rng.pick(scenario.hubs)) as SimHub;
    const listed = revision < CHANGED_FROM ? [] : changing;
    const document = hubListOf(keyring, scenario.hubs, revision, listed);
    const hand = () => {
      // Until it is answered: the hub may be down, or die with the list in its hands.
      let isAnswered = false;
      hub.admission({ op: 'hubs.set', document }, (answer) => {
        isAnswered = true;
        context.auditor.hubLists.answered(hub.id, revision, answer);
      });
      queue.after(RETRY_MS, () => {
        if (!isAnswered) hand();
      });
    };
    queue.at(rng.between(3_000, plan.untilMs), hand);
  }
}

/**
 * Some hubs begin to sign with another key: each in a life of its own, which has the list that names
 * it in a file, as its operator put it there. Nobody else needs to have seen that list by then.
 *
 * @returns which hubs.
 */
function changeKeys(context: Context, hubs: ReadonlyMap<HubId, SimHub>): HubId[] {
  const rng = context.rng.fork('hub keys');
  const { queue, plan, keyring, scenario } = context;
  const left = [...scenario.hubs];
  const changing: HubId[] = [];
  while (changing.length < plan.keyChanges && left.length > 0) {
    changing.push(...left.splice(rng.between(0, left.length - 1), 1));
  }
  for (const id of changing) {
    keyring.addKey(id, nextName(id));
    const document = hubListOf(keyring, scenario.hubs, CHANGED_FROM, changing);
    const hub = hubs.get(id) as SimHub;
    const change = (): void => {
      if (hub.isCommitting()) queue.after(COMMIT_MS, change);
      else hub.changeKey(nextName(id), CHANGED_FROM, document);
    };
    queue.at(rng.between(5_000, plan.untilMs), change);
  }
  return changing;
}
