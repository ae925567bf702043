/** Reads order files against the offers of a file or of the devnet as one market. */
import type { BuyOrder } from '@sparegrid/core/order/buy-order';
import type { SellOrder } from '@sparegrid/core/order/sell-order';
import { withClient } from '../context.ts';
import { stateDirectory } from '../contexts.ts';
import { readOrderFiles } from '../order-file/order-file.ts';
import type { ReadSettings } from './answer.ts';
import type { Market } from './market.ts';
import { readOffers } from './offers-file.ts';

/** @throws CliFault with file, line and field; InputRefused; as `offer ls` without `--offers` */
export async function readOrdersMarket(
  file: string,
  { offers, dir }: ReadSettings,
): Promise<Market> {
  const wallMs = Date.now();
  const orders = readOrderFiles(file, wallMs).map((draft, at) => {
    const { task, ...rest } = draft;
    const order: BuyOrder = {
      ...rest,
      lessee: 'lessee.hub',
      salt: '',
      task: { public: task.public, privateDigest: `sha256:${'0'.repeat(64)}` },
    };
    return { name: String(at), order };
  });
  const selling = offers === undefined ? await offersOfDevnet(dir) : readOffers(offers);
  const valid = selling.filter(({ validUntilMs }) => offers !== undefined || validUntilMs > wallMs);
  const lots = valid.flatMap((offer) =>
    offer.lots.map((lot) => ({ lessor: offer.participant, offer, lot })),
  );
  return { orders, lots };
}

async function offersOfDevnet(dir: string | undefined): Promise<SellOrder[]> {
  const rows = await withClient(stateDirectory(dir), (client) => client.offers());
  return rows.filter(({ stale }) => !stale).map(({ offer }) => offer);
}
