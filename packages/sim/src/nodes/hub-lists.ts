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

/** @param signer  whose key signs it: the operator's, unless somebody lies. */
export function hubListOf(
  keyring: Keyring,
  hubs: readonly HubId[],
  revision: number,
  signer = OPERATOR,
): SignedDocument {
  const listed = hubs.map((id) => ({ id, signKeys: [keyring.publicKeyOf(id)], mesh: ['sim'] }));
  const list = { network: NETWORK, revision, hubs: listed };
  return signHubList(keyring.cryptoOf(signer), list);
}

export function handOutHubLists(context: Context, hubs: ReadonlyMap<HubId, SimHub>): void {
  const rng = context.rng.fork('hub lists');
  const { queue, plan, keyring, scenario } = context;
  for (let revision = 1; revision <= LISTS_SIGNED; revision += 1) {
    const hub = hubs.get(rng.pick(scenario.hubs)) as SimHub;
    const document = hubListOf(keyring, scenario.hubs, revision);
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
