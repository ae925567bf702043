/** Faults that let a hub or a participant get away with a lie, or a slow or skewed one harm others. */
import type { Plant } from './plant.ts';

const ELECTION = 'election/election.ts';
const PANORAMAS = 'hub/panorama-desk.ts';

export const PLANTS_OF_LIARS: readonly Plant[] = [
  {
    name: 'lie-stays-in-the-index',
    what: 'A row that was told otherwise under the same revision is matched for ever.',
    edits: [
      {
        file: 'panorama/hub-part.ts',
        find: 'if (isNew || isOther(kind, participant)) changed.add(participant);',
        replace: 'if (isNew) changed.add(participant);',
      },
    ],
    caughtBy: ['proposal.beyond-free'],
  },
  {
    name: 'rows-of-others-believed',
    what: 'A hub may send rows of any participant.',
    edits: [
      {
        file: 'panorama/panorama.ts',
        find: 'return isOwn && hubOf(row.participant) === hub;',
        replace: "return isOwn && hub !== '';",
      },
    ],
    caughtBy: ['hostile.not-refused', 'panorama.foreign-row'],
  },
  {
    name: 'signature-of-the-owner-not-checked',
    what: 'Rows that are passed on are believed whoever signed them.',
    edits: [
      {
        file: PANORAMAS,
        find: "if (!isSignedByAny(env.crypto, document, 'part-update', owner, keys)) {",
        replace:
          "if (!isSignedByAny(env.crypto, document, 'part-update', owner, keys) && owner === '') {",
      },
    ],
    caughtBy: ['hostile.not-refused', 'panorama.row-untrue'],
  },
  {
    name: 'row-of-later-believed',
    what: 'A row may have a revision that its owner has not reached.',
    edits: [
      {
        file: PANORAMAS,
        find: 'if ([...update.rows, ...parts].some(({ revision }) => revision > latest)) {',
        replace: 'if (update.rows.some(({ revision }) => revision < 0 && latest > 0)) {',
      },
    ],
    caughtBy: ['hostile.not-refused', 'panorama.row-untrue'],
  },
  {
    name: 'change-on-any-base',
    what: 'A change is put on a row that it was not made for.',
    edits: [
      {
        file: 'panorama/lease-change.ts',
        find: "if (known !== since && !cameEarly) return 'unfit';",
        replace: "if (known !== since && !cameEarly && from < 0) return 'unfit';",
      },
    ],
    seed: 11,
    caughtBy: ['panorama.row-back', 'panorama.row-untrue'],
  },
  {
    name: 'leader-without-votes',
    what: 'Whoever says that it leads is believed.',
    edits: [
      {
        file: ELECTION,
        find: 'return this.#isMajority(valid.length);',
        replace: 'return valid.length >= 0;',
      },
    ],
    caughtBy: ['election.unproven'],
  },
  {
    name: 'votes-signed-by-the-candidate',
    what: 'A vote counts whoever signed it.',
    edits: [
      {
        file: ELECTION,
        find: "isSignedByAny(crypto, document, 'vote', voter, this.#ports.keysOf(voter))",
        replace: 'crypto && this.#ports.keysOf(voter).length > 0',
      },
    ],
    caughtBy: ['election.unproven'],
  },
  {
    name: 'mark-of-anybody-believed',
    what: 'A peer can make a hub believe that its store lost some of its past.',
    edits: [
      {
        file: 'hub/marks.ts',
        find: "if (!isSignedByAny(crypto, document, 'mark', self, this.#context.keysOfHub(self))) continue;",
        replace: "if (isSignedByAny(crypto, document, 'mark', self, [])) continue;",
      },
    ],
    caughtBy: ['recovery.unproven'],
  },
  {
    name: 'hub-list-of-anybody',
    what: 'A list of hubs is taken whoever signed it.',
    edits: [
      {
        file: 'identity/verify.ts',
        find: "const read = readSigned(env, document, 'hub-list', signedBy, env.documents.hubList);",
        replace: 'const read = env.documents.hubList(document.payload);',
      },
    ],
    caughtBy: ['hub-list.forged', 'hostile.not-refused'],
  },
  {
    name: 'older-hub-list-taken',
    what: 'A list of hubs is taken from the operator although a newer one is in use.',
    edits: [
      {
        file: 'hub/admission-desk.ts',
        find: 'return this.#setHubs(request.document);',
        replace: 'this.#hubList = null; return this.#setHubs(request.document);',
      },
    ],
    caughtBy: ['hub-list.back'],
  },
  {
    name: 'hub-list-kept',
    what: 'A hub does not pass on the list of hubs that its operator handed it.',
    edits: [
      {
        file: 'hub/admission-desk.ts',
        find: 'if (hubList) out.send(hub, hubList);',
        replace: 'void [hubList, out, hub];',
      },
    ],
    caughtBy: ['end.hub-list-old'],
  },
  {
    name: 'machine-offered-twice',
    what: 'A lessor may offer the same machine as two lots.',
    edits: [
      {
        file: 'order/within-spec.ts',
        find: 'if (!machine || seen.has(lot.id)) return',
        replace: 'if (!machine) return',
      },
    ],
    seed: 11,
    caughtBy: ['registry.above-machine', 'capacity.machine-oversold', 'core.threw'],
  },
  {
    name: 'device-invented',
    what: 'A lessor may offer a device that its machine does not have.',
    edits: [
      {
        file: 'order/within-spec.ts',
        find: 'if (!same || devices.has(device.id)) return',
        replace: 'if (devices.has(device.id) && same) return',
      },
    ],
    caughtBy: ['registry.above-machine'],
  },
  {
    name: 'asked-once',
    what: 'A hub asks for what it missed once: when that gets lost, it stays behind.',
    edits: [
      {
        file: PANORAMAS,
        find: 'this.#asked.set(owner, elapsedMs + this.#context.timing.heartbeatMs);',
        replace: 'this.#asked.set(owner, Infinity);',
      },
    ],
    caughtBy: ['panorama.behind', 'end.panorama-differs'],
  },
  {
    name: 'tolerance-forgotten',
    what: 'Clocks must agree to the second.',
    edits: [
      {
        file: 'hub/frame-gate.ts',
        find: 'if (wallMs > frame.expiresAtMs + toleranceMs || fromFuture || tooLong) {',
        replace: 'if (toleranceMs >= 0 && (wallMs > frame.expiresAtMs || fromFuture || tooLong)) {',
      },
    ],
    caughtBy: ['frame.refused-in-time'],
  },
];
