/** Panoramas between hubs: how soon a change can be matched everywhere, and how much a hub takes in. */
import { parseArgs } from 'node:util';
import { hasNatsServer } from '@sparegrid/link/nats/for-tests';
import type { Bench } from '../result.ts';
import { benchChanges } from './changes.ts';
import { benchRows } from './rows.ts';

const ROWS = [10_000, 100_000];

export const benchPanorama: Bench = async (report, args) => {
  const options = {
    hubs: { type: 'string', default: '2,3,5,8' },
    rows: { type: 'boolean' },
  } as const;
  const { values } = parseArgs({ args, options });
  if (!hasNatsServer()) process.stderr.write('NOT MEASURED: changes over NATS, no nats-server\n');
  else if (!values.rows) {
    for (const hubs of values.hubs.split(',')) await benchChanges(report, Number(hubs));
  }
  for (const rows of ROWS) await benchRows(report, rows);
};
