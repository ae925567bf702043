/** Faults in matching, prices, and keeping to what the order says. */
import type { Plant } from './plant.ts';

export const PLANTS_OF_TERMS: readonly Plant[] = [
  {
    name: 'limit-ignored',
    what: 'The limit price of an order is not looked at.',
    edits: [
      {
        file: 'matching/suitability.ts',
        find: 'if (priceMicroPerHour > order.limitMicroPerReplicaHour) {',
        replace: 'if (priceMicroPerHour > 100n * order.limitMicroPerReplicaHour) {',
      },
      {
        file: 'index/lot-query.ts',
        find: 'limit: limit < BigInt(AMOUNT_END) ? Number(limit)',
        replace: 'limit: limit < BigInt(AMOUNT_END) ? 100 * Number(limit)',
      },
    ],
    caughtBy: ['terms.above-limit'],
  },
  {
    name: 'budget-ignored',
    what: 'The budget of an order is not looked at.',
    edits: [
      {
        file: 'hub/order-state.ts',
        find: 'const budgetMicro = order.budgetMicro - spent;',
        replace: 'const budgetMicro = 1_000_000n * order.budgetMicro - spent;',
      },
    ],
    caughtBy: ['terms.above-budget'],
  },
  {
    name: 'lost-parts-cost-nothing',
    what: 'What was billed for a lost part does not count towards the budget.',
    edits: [
      {
        file: 'hub/order-state.ts',
        find: 'const spent = agreedParts(agreements).reduce(',
        replace: 'const spent = fillingParts(agreements).reduce(',
      },
    ],
    caughtBy: ['terms.above-budget'],
  },
  {
    name: 'count-exceeded',
    what: 'A partial order that is topped up forgets what it has already.',
    edits: [
      {
        file: 'hub/order-state.ts',
        find: 'const max = order.count.max - filled;',
        replace: 'const max = filled < order.count.max ? order.count.max : 0;',
      },
    ],
    caughtBy: ['terms.above-max'],
  },
  {
    name: 'smallest-count-ignored',
    what: 'An order is signed for fewer replicas than its smallest count.',
    edits: [
      {
        file: 'hub/order-state.ts',
        find: 'const min = filled === 0 ? order.count.min : 1;',
        replace: 'const min = 1;',
      },
    ],
    caughtBy: ['terms.below-min'],
  },
  {
    name: 'too-many-lessors',
    what: 'An order gets as many lessors as there are.',
    edits: [
      {
        file: 'hub/order-book.ts',
        find: 'maxLessors: record.order.maxLessors - lessors.size };',
        replace: 'maxLessors: 64 };',
      },
    ],
    caughtBy: ['terms.too-many-lessors'],
  },
  {
    name: 'price-not-compared',
    what: 'The first hub signs one micro-credit less, and the target hub does not compare the price.',
    edits: [
      {
        file: 'hub/order-terms.ts',
        find: 'priceMicroPerHour: part.priceMicroPerHour,',
        replace: 'priceMicroPerHour: part.priceMicroPerHour - 1n,',
      },
      {
        file: 'agreement/target-hub.ts',
        find: 'if (price !== terms.priceMicroPerHour)',
        replace: 'if (price < terms.priceMicroPerHour)',
      },
    ],
    caughtBy: ['terms.price'],
  },
  {
    name: 'efficiency-not-priced',
    what: 'A distributed provision is paid for its nominal computing power.',
    edits: [
      {
        file: 'order/price.ts',
        find: 'return efficiencyPermille === 1000 ? nominal',
        replace: 'return efficiencyPermille > 0 ? nominal',
      },
    ],
    caughtBy: ['terms.price'],
  },
  {
    name: 'labels-ignored',
    what: 'Labels that an order asks for are not compared.',
    edits: [
      {
        file: 'matching/suitability.ts',
        find: 'if (have !== value) return fails(',
        replace: "if (have === '') return fails(",
      },
      {
        file: 'index/attributes.ts',
        find: 'if (labels[name] !== value) return false;',
        replace: "if (labels[name] === '' && value === '') return false;",
      },
      {
        file: 'index/attributes.ts',
        find: 'mask |= labelBit(name, value);',
        replace: "mask |= name === '' ? labelBit(name, value) : 0;",
      },
      {
        file: 'index/lot-index.ts',
        find: 'if (own === undefined) return asked;',
        replace: "if (own !== '') return asked;",
      },
    ],
    caughtBy: ['part.unsuitable'],
  },
  {
    name: 'image-policy-ignored',
    what: 'The image policy of a lessor is not looked at.',
    edits: [
      {
        file: 'matching/suitability.ts',
        find: 'imagePolicy.allow.length > 0 &&',
        replace: 'imagePolicy.allow.length > 64 &&',
      },
      {
        file: 'index/attributes.ts',
        find: 'imagePolicy.allow.length === 0 ||',
        replace: 'imagePolicy.allow.length < 64 ||',
      },
    ],
    caughtBy: ['part.unsuitable'],
  },
  {
    name: 'device-sold-in-two-shares-too-many',
    what: 'A device takes shares beyond its thousandths.',
    edits: [
      {
        file: 'order/fit.ts',
        find: 'if (left < 0) return false;',
        replace: 'if (left < -500) return false;',
      },
      {
        file: 'order/fit.ts',
        find: 'slots += Math.floor(device.milli / request.shareMilli);',
        replace: 'slots += Math.floor((device.milli + 500) / request.shareMilli);',
      },
      {
        file: 'order/fit.ts',
        find: 'acceptsDevice(wanted, device) && device.milli >= wanted.shareMilli)',
        replace: 'acceptsDevice(wanted, device) && device.milli + 500 >= wanted.shareMilli)',
      },
      {
        file: 'order/fit.ts',
        find: 'if (device.milli < shareMilli) continue;',
        replace: 'if (device.milli + 500 < shareMilli) continue;',
      },
      {
        file: 'index/lot-query.ts',
        find: 'share: device ? device.shareMilli : 0,',
        replace: 'share: device ? device.shareMilli - 500 : 0,',
      },
      {
        file: 'index/lot-search.ts',
        find: 'const free = code % MILLI_SPAN;',
        replace: 'const free = (code % MILLI_SPAN) + 500;',
      },
      {
        file: 'index/lot-search.ts',
        find: 'this.#suits.models.of((code - free) / MILLI_SPAN)',
        replace: 'this.#suits.models.of((code - free + 500) / MILLI_SPAN)',
      },
    ],
    caughtBy: ['capacity.device-oversold', 'capacity.machine-oversold', 'core.threw'],
  },
  {
    name: 'expired-order-matched',
    what: 'An order is matched after its expiry.',
    edits: [
      {
        file: 'hub/order-state.ts',
        find: 'if (cancelled || FINAL_ORDER_STATES.has(state) || elapsedMs >= expiresAtElapsedMs) {',
        replace:
          'if (cancelled || FINAL_ORDER_STATES.has(state) || elapsedMs >= 2 * expiresAtElapsedMs) {',
      },
      {
        file: 'hub/order-state.ts',
        find: 'const expired = elapsedMs >= record.expiresAtElapsedMs;',
        replace: 'const expired = elapsedMs >= 2 * record.expiresAtElapsedMs;',
      },
    ],
    caughtBy: ['terms.order-expired', 'end.order-open'],
  },
  {
    name: 'cancelled-order-goes-on',
    what: 'A cancelled order keeps its leases.',
    edits: [
      {
        file: 'hub/order-book.ts',
        find: "else if (isLiveAgreement(agreement)) this.#agreements.end(agreement, 'ORDER_CANCELLED');",
        replace: '',
      },
    ],
    caughtBy: ['order.cancelled-but-live'],
  },
  {
    name: 'cancellation-untold',
    what: 'A cancelled order is told as one that goes on.',
    edits: [
      {
        file: 'hub/order-state.ts',
        find: "if (cancelled) return 'cancelling';",
        replace: '',
      },
    ],
    caughtBy: ['order.cancelling-untrue'],
  },
  {
    name: 'order-lost',
    what: 'An order is acknowledged without being recorded.',
    edits: [
      {
        file: 'hub/order-book.ts',
        find: 'this.#context.keep(KEPT_ORDER, order.id, order);',
        replace: 'if (order.attempts > 0) this.#context.keep(KEPT_ORDER, order.id, order);',
      },
    ],
    caughtBy: ['told.order.submit-not-durable', 'order.lost', 'agreement.without-order'],
  },
];
