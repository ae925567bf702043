/** What `sparegrid offer`, `resource` and `hub status` do. */
import { withClient } from '../contexts.ts';
import { emit } from '../output/emit.ts';
import { offersText, resourcesText, statusText } from '../output/panorama-text.ts';
import type { HubOptions } from './options.ts';

export async function listOffers(options: HubOptions): Promise<void> {
  const offers = await withClient(options, (client) => client.offers());
  await emit(options.output, offers, {
    table: () => offersText(offers),
    names: () => offers.map(({ offer }) => offer.participant),
  });
}

export async function listResources(options: HubOptions): Promise<void> {
  const specs = await withClient(options, (client) => client.resources());
  await emit(options.output, specs, {
    table: () => resourcesText(specs),
    names: () => specs.map(({ spec }) => spec.participant),
  });
}

export async function showHub(options: HubOptions): Promise<void> {
  const found = await withClient(options, (client) => client.status());
  await emit(options.output, found, {
    table: () => statusText(found),
    names: () => found.parts.map(({ hub }) => hub),
  });
}
