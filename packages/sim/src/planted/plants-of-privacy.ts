/** Faults by which others learn what is not for them. */
import type { Plant } from './plant.ts';

export const PLANTS_OF_PRIVACY: readonly Plant[] = [
  {
    name: 'chain-in-clear',
    what: 'the lessee’s hub reads whose keys a lessor’s hub tells',
    edits: [
      {
        file: 'identity/sealed-chain.ts',
        find: "return crypto.seal(to, chainInfo(part), text + ' '.repeat(room));",
        replace:
          "return text.replaceAll(/[^A-Za-z0-9_.-]/g, '_') + '_'.repeat(room + (to ? 0 : 1));",
      },
    ],
    caughtBy: ['privacy.name-told'],
  },
  {
    name: 'renamed-under-lease',
    what: 'a lessor gets another name at the end of the period whatever it has leased',
    edits: [
      {
        file: 'hub/naming-desk.ts',
        find: 'return this.#parts.ofLessor(veil.name).length === 0;',
        replace: 'return true;',
      },
    ],
    caughtBy: ['name.changed-under-lease'],
  },
  {
    name: 'lessee-by-its-own-name',
    what: 'the first hub signs the lessee’s own id into what the target hub reads',
    edits: [
      { file: 'hub/order-terms.ts', find: 'lessee: lesseeName,', replace: 'lessee: order.lessee,' },
    ],
    caughtBy: ['privacy.name-told'],
  },
  {
    name: 'owner-in-the-row',
    what: 'rows of resources tell who owns the machines',
    edits: [
      {
        file: 'hub/veil.ts',
        find: 'organization: null,',
        replace: 'organization: own.organization,',
      },
    ],
    caughtBy: ['privacy.name-told', 'row.spec'],
  },
  {
    name: 'exact-stock',
    what: 'free quantities are published to the last unit',
    edits: [
      {
        file: 'hub/member-desk.ts',
        find: 'lots: free.lots.map((lot) => roundedDown(lot, buckets))',
        replace: 'lots: buckets ? free.lots : []',
      },
    ],
    caughtBy: ['row.not-conserved'],
  },
];
