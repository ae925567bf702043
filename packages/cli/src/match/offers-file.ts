/** Reads offers as `sparegrid offer ls -o json` prints them. */
import type { SellOrder } from '@sparegrid/core/order/sell-order';
import { hubId } from '@sparegrid/link/schemas/scalars';
import { sellOrder } from '@sparegrid/link/schemas/sell-order';
import { z } from 'zod';
import { CliFault } from '../fault.ts';
import { readBytes } from './file-bytes.ts';

const OFFERS_MAX = 1_000_000;

const offers = z
  .array(z.strictObject({ hub: hubId, stale: z.boolean(), offer: sellOrder }))
  .max(OFFERS_MAX);

/** Offers of hubs that are not heard of are left out, as hubs leave them out. */
export function readOffers(file: string): SellOrder[] {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(readBytes(file)));
  } catch (cause) {
    if (cause instanceof CliFault) throw cause;
    const { message } = cause as Error;
    throw new CliFault(
      'CLI_FILE_MALFORMED',
      `${file}: ${lineOf(message)}${message}`,
      'input',
      cause,
    );
  }
  const read = offers.safeParse(value);
  if (read.success) return read.data.filter(({ stale }) => !stale).map(({ offer }) => offer);
  const [issue] = read.error.issues;
  const place = issue?.path.join('.') ?? '';
  throw new CliFault('CLI_FIELD_MALFORMED', `${file}, offer ${place}: ${issue?.message ?? ''}.`);
}

/** The parser says where: in front, as everywhere else. */
function lineOf(message: string): string {
  const line = /\(line (\d+) column \d+\)/.exec(message)?.[1];
  return line === undefined ? '' : `line ${line}: `;
}
