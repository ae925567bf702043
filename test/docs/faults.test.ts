/** The page of fault codes says what the code says, both ways. */
import { readFileSync } from 'node:fs';
import { CONFIG_FAULTS } from '@sparegrid/link/daemon/config-fault';
import { LINK_FAULTS } from '@sparegrid/link/fault';
import { STORE_FAULTS } from '@sparegrid/link/store/fault';
import { SDK_FAULTS } from '@sparegrid/sdk/errors';
import { SOLVER_FAULTS } from '@sparegrid/solver/fault';
import { expect, it } from 'vitest';
import { CLI_FAULTS } from '../../packages/cli/src/fault.ts';

it('lists every fault code with its meaning, and no other', () => {
  const page = readFileSync(new URL('../../docs/faults.md', import.meta.url), 'utf8');
  const rows = new Map(
    [...page.matchAll(/^\| `([A-Z_]+)` \| (.*) \|$/gm)].map((row) => [row[1], row[2]] as const),
  );
  const known = {
    ...CLI_FAULTS,
    ...SDK_FAULTS,
    ...LINK_FAULTS,
    ...STORE_FAULTS,
    ...CONFIG_FAULTS,
    ...SOLVER_FAULTS,
  };
  expect(Object.fromEntries(rows)).toEqual(known);
});
