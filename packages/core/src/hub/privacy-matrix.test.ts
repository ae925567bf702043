/** The matrix of docs/privacy-matrix.md, read out of everything that each party got to hold. */
import { describe, expect, it } from 'vitest';
import { asks, buyOrder, GIB, gpu, lot, lotGpu, machine, replica } from '../../test/fixtures.ts';
import { digest } from '../../test/keys.ts';
import {
  type Datum,
  isHub,
  leaksOf,
  type Material,
  materialOf,
  ownSide,
} from '../../test/matrix.ts';
import { RELEASE, SEALED_TASK } from '../../test/sealed.ts';
import { World } from '../../test/world.ts';
import type { KeyChain } from '../identity/statements.ts';
import { DEFAULT_BUCKETS } from '../order/buckets.ts';
import type { Organization } from '../order/resource-spec.ts';
import { hubOf, type NodeId, type ParticipantId } from '../units/ids.ts';
import type { PrivacySettings } from './config.ts';

const PERIOD_MS = 60_000;
const LESSEE = 'omega-rents.h1';
/** Two lend, each at another hub; the others are too dear, or at the hub that has no part in it. */
const LENDING: ParticipantId[] = ['kappa-lends.h1', 'sigma-lends.h2'];
const LESSORS: ParticipantId[] = [...LENDING, 'delta-waits.h2', 'gamma-waits.h3'];
const IMAGE = 'registry.canary.example/tool';
const DURATION_MS = 123_457;
const LIMIT_MICRO = 987_654_321_987n;
const BUDGET_MICRO = 876_543_219_876_123n;
const SALT = 'salt-7f1e5d3c';
/** Idle memory, exactly; nobody but the lessor learns it. */
const IDLE_BYTES = 8_123_456_789;
const SEEN_BYTES = IDLE_BYTES - (IDLE_BYTES % DEFAULT_BUCKETS.memoryBytes);

function organizationOf(participant: ParticipantId): Organization {
  const name = participant.slice(0, participant.indexOf('-'));
  return { id: `lei-${name}`, name: `${name} incorporated`, kind: 'company' };
}

/** As the operator and its organisation would sign it; hubs do not look into it. */
function chainOf(lessor: ParticipantId): KeyChain {
  const { id, name } = organizationOf(lessor);
  const of = (payload: string) => ({ payloadType: 'x', payload, signatures: [] });
  return { organization: of(`${id} ${name}`), key: of(lessor) };
}

function own(what: string, lessor: ParticipantId): string {
  return `${what}-of-${organizationOf(lessor).id}`;
}

/** A network in which a job runs on two lessors of two hubs, with everything a lessee may ask. */
function play(privacy: PrivacySettings | undefined): World {
  const organizations = Object.fromEntries(
    [LESSEE, ...LESSORS].map((id) => [id, organizationOf(id)]),
  );
  const buckets = privacy && { buckets: privacy.buckets };
  const world = new World({
    hubs: ['h1', 'h2', 'h3'],
    lessors: LESSORS,
    lessees: [LESSEE],
    pull: ['sigma-lends.h2'],
    organizations,
    keys: Object.fromEntries(LESSORS.map((id) => [id, chainOf(id)])),
    ...(privacy && { privacy }),
    ...buckets,
  });
  world.start(Object.fromEntries(LESSORS.map((id) => [id, [machineOf(id)]])));
  for (const id of LESSORS) world.offer(id, { lots: [lotOf(id)] });
  const order = buyOrder({
    salt: SALT,
    count: { min: 6, max: 6 },
    replica: replica({ cpuMillicores: 1_000, memoryBytes: 1.5 * GIB }),
    limitMicroPerReplicaHour: LIMIT_MICRO,
    budgetMicro: BUDGET_MICRO,
    durationMs: DURATION_MS,
    task: {
      public: { ...buyOrder().task.public, image: IMAGE },
      privateDigest: digest(SEALED_TASK),
      sealKey: 's'.repeat(43),
    },
  });
  const payload = world.lessee(LESSEE).sign(order).payload;
  world.ask(LESSEE, { op: 'order.plan', payload, after: null });
  const id = world.submit(LESSEE, order, SEALED_TASK);
  const asked = world.ask(LESSEE, { op: 'order.keys', order: id });
  const waiting = asked.ok && asked.op === 'order.keys' ? asked.waiting : [];
  expect(waiting.map(({ keys }) => typeof keys)).toEqual(['string', 'string']);
  const releases = waiting.map(({ part }) => ({ part, release: RELEASE }));
  world.ask(LESSEE, { op: 'order.release', order: id, releases });
  expect(world.view(LESSEE, id).state).toBe('running');
  world.submit(LESSEE, buyOrder({ replica: replica({ memoryBytes: 999 * GIB }) }));
  const name = world.view(LESSEE, id).agreements[0]?.parts[1]?.lessor as ParticipantId;
  world.lessee(LESSEE).send({ type: 'relay-send', to: name, payload: 'hello' });
  for (const op of ['panorama.offers', 'panorama.resources'] as const) {
    world.ask(LESSEE, { op, after: null });
  }
  world.ask(LESSEE, { op: 'order.explain', order: id, after: null });
  world.ask(LESSEE, { op: 'lease.list', after: null });
  world.ask(LESSEE, { op: 'hub.status' });
  world.restart(world.hub('h2'));
  world.settle();
  world.run(4 * PERIOD_MS);
  expect(world.view(LESSEE, id).state).toBe('completed');
  return world;
}

function machineOf(lessor: ParticipantId) {
  return machine(own('rack', lessor), {
    processor: {
      ...machine().processor,
      model: own('processor', lessor).replaceAll('-of-lei', ''),
    },
    gpu: [gpu(own('gpu', lessor))],
  });
}

function lotOf(lessor: ParticipantId) {
  const micro = LENDING.includes(lessor) ? 91_234_567_891n : 91_934_567_891n;
  return lot(own('rack', lessor), {
    amounts: { ...lot().amounts, memoryBytes: IDLE_BYTES },
    devices: [lotGpu(own('gpu', lessor))],
    asks: asks({ cpuMicroPerCoreHour: micro }),
  });
}

const PRIVACY: PrivacySettings = { pseudonymPeriodMs: PERIOD_MS, buckets: DEFAULT_BUCKETS };

/** Everybody who has a part in the order: lessee, lessors, and their hubs. */
const TAKES_PART = new Set<NodeId>([LESSEE, ...LENDING, ...LENDING.map(hubOf)]);

/** A lessee's hub knows it by its configuration only. */
const CONFIGURED = 'organisation of the lessee';

const DATA: Datum[] = [
  {
    name: 'lessee identity',
    signs: [LESSEE],
    mayKnow: ownSide(LESSEE),
  },
  {
    name: CONFIGURED,
    signs: [organizationOf(LESSEE).id, organizationOf(LESSEE).name],
    mayKnow: ownSide(LESSEE),
  },
  { name: 'limit price', signs: [`${LIMIT_MICRO}`], mayKnow: ownSide(LESSEE) },
  { name: 'budget', signs: [`${BUDGET_MICRO}`], mayKnow: ownSide(LESSEE) },
  { name: 'salt of the order', signs: [SALT], mayKnow: ownSide(LESSEE) },
  ...LESSORS.map((lessor) => ({
    name: `identity of ${lessor}`,
    signs: [lessor, organizationOf(lessor).id, organizationOf(lessor).name],
    mayKnow: ownSide(lessor),
  })),
  ...LESSORS.map((lessor) => ({
    name: `hardware of ${lessor}`,
    signs: [machineOf(lessor).processor.model],
    mayKnow: (party: NodeId) => isHub(party) || party === lessor,
  })),
  { name: 'exact idle quantity', signs: [`${IDLE_BYTES}`], mayKnow: () => false },
  {
    name: 'idle quantity in steps',
    signs: [`${SEEN_BYTES}`],
    mayKnow: (party) => isHub(party) || LESSORS.includes(party),
  },
  {
    name: 'image and duration of the task',
    signs: [IMAGE, `${DURATION_MS}`],
    mayKnow: (party) => TAKES_PART.has(party),
  },
  {
    name: 'agreed price',
    signs: [`${4n * 91_234_567_891n}`, `${2n * 91_234_567_891n}`],
    mayKnow: (party) => TAKES_PART.has(party),
  },
];

describe('in a network with pseudonyms', () => {
  const material = materialOf(play(PRIVACY));

  /** @patent [0077] SEC-2 */
  it('nobody holds or is sent what is not for it, in any table or frame', () => {
    expect(leaksOf(DATA, material)).toEqual([]);
  });

  it('everything searched for is there to be found, where it belongs', () => {
    for (const { name, signs, mayKnow } of DATA) {
      if (name === 'exact idle quantity' || name === CONFIGURED) continue;
      const holders = [...material]
        .filter(([party]) => mayKnow(party))
        .flatMap(([, texts]) => texts);
      for (const sign of signs) {
        expect(
          holders.some((text) => text.includes(sign)),
          `${name}: ${sign}`,
        ).toBe(true);
      }
    }
  });

  it('every single leak would be noticed', () => {
    for (const { name, signs, mayKnow } of DATA) {
      for (const party of [...material.keys()].filter((one) => !mayKnow(one))) {
        for (const sign of signs) {
          const planted: Material = new Map([[party, [`{"any":"\\"${sign}\\""}`]]]);
          expect(leaksOf(DATA, planted)).toContainEqual({ datum: name, party, sign });
        }
      }
    }
  });
});

describe('in a network without', () => {
  it('the same search finds what pseudonyms and steps hide', () => {
    const found = new Set(leaksOf(DATA, materialOf(play(undefined))).map(({ datum }) => datum));
    expect([...found].sort()).toEqual(
      [
        'exact idle quantity',
        ...LESSORS.map((lessor) => `hardware of ${lessor}`),
        ...LESSORS.map((lessor) => `identity of ${lessor}`),
        'lessee identity',
      ].sort(),
    );
  });
});
