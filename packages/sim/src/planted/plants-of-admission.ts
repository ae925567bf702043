/** Faults of admission: who was let in is forgotten, who was put out comes back. */
import type { Plant } from './plant.ts';

const DESK = 'hub/admission-desk.ts';

export const PLANTS_OF_ADMISSION: readonly Plant[] = [
  {
    name: 'expelled-still-heard',
    what: 'The keys of an expelled participant stay good.',
    edits: [
      {
        file: 'hub/subnet.ts',
        find: 'if (!member || member.expelled) return [];',
        replace: 'if (!member) return [];',
      },
    ],
    caughtBy: ['hostile.not-refused', 'hostile.changed', 'admission.expulsion-forgotten'],
  },
  {
    name: 'admission-not-durable',
    what: 'Admission and expulsion are acknowledged, but not on record.',
    edits: [
      {
        file: DESK,
        find: "this.#context.put('admission', record.participant.id, record);",
        replace: '',
      },
    ],
    caughtBy: ['admission.forgotten', 'admission.expulsion-forgotten'],
  },
  {
    name: 'expulsion-not-restored',
    what: 'A restart admits again whoever was expelled.',
    edits: [
      {
        file: DESK,
        find: 'this.#remember(record); this.#apply(member, record);',
        replace: 'this.#remember(record); this.#apply(member, { ...record, expelledAtMs: null });',
      },
    ],
    caughtBy: ['admission.expulsion-forgotten'],
  },
  {
    name: 'new-key-not-restored',
    what: 'A restart knows only the key that a participant joined with.',
    edits: [
      {
        file: DESK,
        find: 'this.#save(next);',
        replace: '',
      },
    ],
    caughtBy: ['admission.forgotten'],
  },
  {
    name: 'token-lets-back-in',
    what: 'The token that admitted somebody admits it again after the expulsion.',
    edits: [
      {
        file: DESK,
        find: 'if (known?.expelled || (owner && subnet.get(owner)?.expelled)) {',
        replace: 'if (owner === id && known?.admitted.id !== id) {',
      },
    ],
    caughtBy: ['admission.readmitted'],
  },
];
