/** Faults at the doors: frames, documents, panoramas, restarts. */
import type { Plant } from './plant.ts';

const GATE = 'hub/frame-gate.ts';

export const PLANTS_OF_DOORS: readonly Plant[] = [
  {
    name: 'replayed-frame-accepted',
    what: 'Nonces are not looked at.',
    edits: [
      {
        file: GATE,
        find: 'if (!window.accept(frame.seq, now.elapsedMs))',
        replace: 'if (!window.accept(frame.seq, now.elapsedMs) && frame.seq < 0)',
      },
    ],
    caughtBy: ['frame.accepted-twice'],
  },
  {
    name: 'signature-not-checked',
    what: 'Frames are believed whoever signed them.',
    edits: [
      {
        file: GATE,
        find: 'if (!keys.some((key) => this.#crypto.verify(key, text, signed.signature))) {',
        replace:
          "if (!keys.some((key) => this.#crypto.verify(key, text, signed.signature)) && text === '') {",
      },
    ],
    caughtBy: ['frame.accepted-forged', 'hostile.not-refused'],
  },
  {
    name: 'audience-not-checked',
    what: 'Frames for somebody else are taken.',
    edits: [
      {
        file: GATE,
        find: 'if (frame.to !== self) return',
        replace: "if (frame.to === '') return",
      },
    ],
    caughtBy: ['frame.accepted-astray', 'hostile.not-refused'],
  },
  {
    name: 'expiry-not-checked',
    what: 'Frames are taken however old they are.',
    edits: [
      {
        file: GATE,
        find: 'if (wallMs > frame.expiresAtMs + toleranceMs || fromFuture || tooLong) {',
        replace: 'if (wallMs < 0 && (fromFuture || tooLong || toleranceMs < 0)) {',
      },
    ],
    caughtBy: ['frame.accepted-expired', 'hostile.not-refused'],
  },
  {
    name: 'fence-ignored',
    what: 'Frames of an earlier life of a hub are taken.',
    edits: [
      {
        file: GATE,
        find: 'if (frame.epoch < known) return',
        replace: 'if (frame.epoch < known - 1000) return',
      },
    ],
    caughtBy: ['frame.accepted-twice'],
  },
  {
    name: 'participant-speaks-as-hub',
    what: 'A participant may send what only hubs may.',
    edits: [
      {
        file: 'hub/hub-core.ts',
        find: 'if (isHub) this.#takeHubMessage(frame.from, message);',
        replace:
          "if (isHub || message.type === 'abort' || message.type === 'activate') this.#takeHubMessage(frame.from, message);",
      },
    ],
    caughtBy: ['hostile.not-refused', 'hostile.changed'],
  },
  {
    name: 'order-signature-not-checked',
    what: 'An order is taken with any signature.',
    edits: [
      {
        file: 'hub/order-book.ts',
        find: "if (!isSignedByAny(env.crypto, document, 'buy-order', from, this.#context.keysOf(from))) {",
        replace:
          "if (!isSignedByAny(env.crypto, document, 'buy-order', from, this.#context.keysOf(from)) && from === '') {",
      },
    ],
    caughtBy: ['hostile.not-refused', 'hostile.changed'],
  },
  {
    name: 'order-of-somebody-else',
    what: 'A participant may cancel the order of another one.',
    edits: [
      {
        file: 'hub/order-book.ts',
        find: 'return order?.order.lessee === from ? order : undefined;',
        replace: 'return from === "" ? undefined : order;',
      },
    ],
    caughtBy: ['hostile.not-refused', 'hostile.changed', 'told.order.get-not-durable'],
  },
  {
    name: 'row-taken-back',
    what: 'A row that a vote brought is replaced by an older one, or an older change, of a late delta.',
    edits: [
      {
        file: 'panorama/part-rows.ts',
        find: 'if (known !== undefined && known >= row.revision) return false;',
        replace: '',
      },
      {
        file: 'panorama/lease-change.ts',
        find: "if (known >= revision) return 'old';",
        replace: '',
      },
    ],
    caughtBy: ['panorama.row-back'],
  },
  {
    name: 'change-without-steps-between',
    what: 'A change names only what differs since the last step, not since what was told.',
    edits: [
      {
        file: 'panorama/untold.ts',
        find: 'const all = known ? known.places : new Set<number>();',
        replace: 'const all = known?.places === null ? null : new Set<number>();',
      },
    ],
    caughtBy: ['row.revision-reused', 'row.not-conserved', 'panorama.row-untrue'],
  },
  {
    name: 'epoch-reused',
    what: 'A hub starts with the epoch of its last life.',
    edits: [
      {
        file: 'hub/hub-core.ts',
        find: "(storedOne<{ epoch: number }>(records, 'meta', 'epoch')?.epoch ?? 0) + 1;",
        replace: "storedOne<{ epoch: number }>(records, 'meta', 'epoch')?.epoch ?? 1;",
      },
    ],
    caughtBy: [
      'row.revision-reused',
      'frame.accepted-twice',
      'frame.nonce-reused',
      'hub.epoch-reused',
    ],
  },
  {
    name: 'nonce-not-durable',
    what: 'Nonces are kept in memory only.',
    edits: [
      {
        file: 'hub/hub-core.ts',
        find: "const put = (key: string, record: WindowRecord) => context.put('window', key, record);",
        replace: 'const put = (_key: string, _record: WindowRecord) => {};',
      },
    ],
    caughtBy: ['frame.nonce-not-durable', 'frame.accepted-twice'],
  },
  {
    name: 'nonce-of-rows-never-durable',
    what: 'Nonces of frames with rows are not written with the next commit either.',
    edits: [
      {
        file: 'hub/outbox.ts',
        find: 'for (const [name, one] of this.#later) this.#dirty.set(name, one);',
        replace: '',
      },
    ],
    caughtBy: ['frame.nonce-not-durable'],
  },
  {
    name: 'offer-above-machine',
    what: 'A lot may offer more than its machine has.',
    edits: [
      {
        file: 'order/within-spec.ts',
        find: 'lot.amounts.cpuMillicores <= machine.processor.cpuMillicores &&',
        replace: '',
      },
    ],
    caughtBy: ['registry.above-machine', 'capacity.machine-oversold'],
  },
  {
    name: 'freeze-forgotten-on-restart',
    what: 'A restart forgets which parts were frozen.',
    edits: [
      {
        file: 'agreement/target-hub.ts',
        find: 'inventory.freeze(replica, placements);',
        replace: 'void replica; void placements;',
      },
    ],
    caughtBy: ['row.not-conserved', 'capacity.oversold', 'core.threw'],
  },
];
