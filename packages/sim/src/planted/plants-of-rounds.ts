/** Faults of joint rounds, and of the bound of what is negotiated at once. */
import type { Plant } from './plant.ts';

const ANSWER = 'rounds/answer.ts';
const DESK = 'hub/round-desk.ts';

export const PLANTS_OF_ROUNDS: readonly Plant[] = [
  {
    name: 'round-answer-unchecked',
    what: 'Whatever a solver answers is laid out and signed without being checked.',
    edits: [
      {
        file: ANSWER,
        find: 'if (fault) {',
        replace: 'if (fault && programme.instance.orders < 0) {',
      },
      {
        file: ANSWER,
        find: 'if (!filling.isSound(i)) filling.clear(i);',
        replace: '',
      },
      {
        file: ANSWER,
        find: 'filling.serve(i); yield 1 + lot.length / CHOICES_PER_WORK; } const other = filling.result();',
        replace: 'yield 1 + lot.length + i; } const other = filling.result();',
      },
      {
        file: ANSWER,
        find: 'isBetter(round.orders, { group, joint: other, alone }), ); const unsound = checkFilled(round, joint);',
        replace:
          'isBetter(round.orders, { group, joint: other, alone }) || group.length > 0, ); const unsound = undefined;',
      },
    ],
    seed: 12,
    caughtBy: [
      'terms.above-max',
      'terms.below-min',
      'terms.above-budget',
      'terms.too-many-lessors',
    ],
  },
  {
    name: 'round-signs-stale-lots',
    what: 'What a round gave is signed although the lots have changed since.',
    edits: [
      {
        file: DESK,
        find: `if (!offer || offer.validUntilMs <= wallMs || offer.termsRevision !== termsRevision) return;
          if (panorama.parts.get(hub)?.stale !== false || !market.couldServe(lessor, order)) return;`,
        replace:
          'if (offer || wallMs > 0 || termsRevision + hub.length + panorama.self.length < 0 || !order) return part;',
      },
    ],
    caughtBy: [
      'proposal.stale-terms',
      'proposal.beyond-free',
      'proposal.no-lot',
      'proposal.no-offer',
    ],
  },
  {
    name: 'round-forgets-the-losers',
    what: 'An order that lost its lots in a round counts as in it for ever: no further one takes it.',
    edits: [
      {
        file: DESK,
        find: 'if (record.age >= AGE_MATCHED_ALONE) this.#orders.matchAlone(record); else this.#waiting.add(record.id);',
        replace: '',
      },
      {
        file: DESK,
        find: 'this.#round = null; this.#inRound.clear();',
        replace: 'this.#round = null;',
      },
      {
        file: DESK,
        find: 'if (this.#inRound.has(id)) this.#again.add(id);',
        replace: 'if (this.#inRound.has(id)) continue;',
      },
    ],
    caughtBy: ['order.forgotten'],
  },
  {
    name: 'turns-ignored',
    what: 'A hub negotiates as many agreements at once as there are orders.',
    edits: [
      {
        file: 'hub/order-book.ts',
        find: 'return Math.max(0, agreementsPreparing - this.#agreements.preparing.size);',
        replace: 'return Math.max(256, agreementsPreparing);',
      },
    ],
    seed: 2,
    caughtBy: ['turns.too-many'],
  },
  {
    name: 'turns-ignored-in-rounds',
    what: 'What a round gives is signed at once, however much is in negotiation.',
    edits: [
      {
        file: DESK,
        find: 'if (this.#orders.places() === 0) {',
        replace: 'if (this.#orders.places() < 0) {',
      },
      {
        file: DESK,
        find: 'const most = Math.min(settings.placedPerStep, this.#orders.places());',
        replace: 'const most = settings.placedPerStep;',
      },
    ],
    seed: 2,
    caughtBy: ['turns.too-many'],
  },
];
