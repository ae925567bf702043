import { describe, expect, it } from 'vitest';
import {
  acme,
  amounts,
  buyOrder,
  gpu,
  lot,
  lotGpu,
  machine,
  resourceSpec,
  sellOrder,
  WALL_MS,
} from '../../test/fixtures.ts';
import { Framer } from '../../test/framer.ts';
import { digest, keysOf } from '../../test/keys.ts';
import { twoHubs, type World } from '../../test/world.ts';
import type { Message, SignedFrame } from '../messages.ts';
import type { BuyOrder } from '../order/buy-order.ts';
import type { ResourceSpec } from '../order/resource-spec.ts';
import type { SellOrder } from '../order/sell-order.ts';
import type { RefusalCode } from '../refusals.ts';
import { type DocumentType, type SignedDocument, signDocument } from '../units/document.ts';
import type { JsonValue } from '../units/json.ts';

const sign = (signer: string, type: DocumentType, value: object, keyId = signer): SignedDocument =>
  signDocument(keysOf(signer).crypto, keyId, type, value as unknown as JsonValue);

/** Sends the document as the agent of ann.h1 and returns the hub's verdict. */
function report(world: World, what: 'resource' | 'offer', document: SignedDocument): string {
  const { core } = world.agent('ann.h1');
  const framer = new Framer('ann.h1', core.session);
  const { wallMs } = world.now();
  const before = world.posted.length;
  world.deliver(
    framer.frame('h1', [{ type: what, document }], wallMs, { seq: 500 + before }),
    null,
  );
  const answers = world.posted.slice(before).flatMap(({ frame }) => frame.messages);
  const [verdict] = answers.filter(({ type }) => type === 'accepted' || type === 'rejected');
  return verdict?.type === 'rejected' ? verdict.code : (verdict?.type ?? 'nothing');
}

function registered(): World {
  const world = twoHubs().start({ 'ann.h1': [machine('m1', { gpu: [gpu('g1')] })] });
  return world.offer('ann.h1', { revision: 1 });
}

/** @patent TOP-5 PAN-1 PAN-3 */
describe('resource information', () => {
  const spec = (over: Partial<ResourceSpec> = {}) =>
    resourceSpec('ann.h1', { revision: 9, ...over });

  it('is accepted, once or twice', () => {
    const world = registered();
    const document = sign('ann.h1', 'resource-spec', spec());
    expect(report(world, 'resource', document)).toBe('accepted');
    expect(report(world, 'resource', document)).toBe('accepted');
  });

  it.each<[RefusalCode, SignedDocument]>([
    ['RESOURCE_MALFORMED', sign('ann.h1', 'resource-spec', { no: 'spec' })],
    [
      'RESOURCE_MALFORMED',
      sign('ann.h1', 'resource-spec', spec({ machines: [machine(), machine()] })),
    ],
    ['RESOURCE_NOT_YOURS', sign('ann.h1', 'resource-spec', spec({ participant: 'bea.h1' }))],
    [
      'RESOURCE_NOT_YOURS',
      sign('ann.h1', 'resource-spec', spec({ organization: { ...acme, id: 'other' } })),
    ],
    ['RESOURCE_SIGNATURE', sign('bob.h2', 'resource-spec', spec(), 'ann.h1')],
    ['RESOURCE_SIGNATURE', sign('ann.h1', 'sell-order', spec())],
    ['RESOURCE_REVISION', sign('ann.h1', 'resource-spec', spec({ revision: 0 }))],
  ])('is refused: %s', (code, document) => {
    const world = registered();
    const before = world.hub('h1').store.get('registry', 'ann.h1');
    expect(report(world, 'resource', document)).toBe(code);
    expect(world.hub('h1').store.get('registry', 'ann.h1')).toBe(before);
  });
});

/** @patent LSE-1 */
describe('a sell order', () => {
  const offer = (over: Partial<SellOrder> = {}) =>
    sellOrder('ann.h1', { revision: 9, termsRevision: 9, ...over });
  const lots = (over: Parameters<typeof lot>[1]) => ({ lots: [lot('m1', over)] });

  it('is accepted, once or twice', () => {
    const world = registered();
    const document = sign('ann.h1', 'sell-order', offer());
    expect(report(world, 'offer', document)).toBe('accepted');
    expect(report(world, 'offer', document)).toBe('accepted');
  });

  it('is accepted with other quantities under the same termsRevision', () => {
    const fewer = lots({ amounts: amounts({ cpuMillicores: 1 }) });
    const document = sign('ann.h1', 'sell-order', offer({ termsRevision: 1, ...fewer }));
    expect(report(registered(), 'offer', document)).toBe('accepted');
  });

  it.each<[RefusalCode, SignedDocument]>([
    ['OFFER_MALFORMED', sign('ann.h1', 'sell-order', { no: 'offer' })],
    ['OFFER_NOT_YOURS', sign('ann.h1', 'sell-order', offer({ participant: 'bea.h1' }))],
    ['OFFER_SIGNATURE', sign('bob.h2', 'sell-order', offer(), 'ann.h1')],
    ['OFFER_SIGNATURE', sign('ann.h1', 'buy-order', offer())],
    ['OFFER_REVISION', sign('ann.h1', 'sell-order', offer({ revision: 1 }))],
    ['OFFER_TERMS_REVISION', sign('ann.h1', 'sell-order', offer({ termsRevision: 0 }))],
    [
      'OFFER_TERMS_REVISION',
      sign('ann.h1', 'sell-order', offer({ termsRevision: 1, imagePolicy: { allow: ['x'] } })),
    ],
    ['OFFER_EXPIRED', sign('ann.h1', 'sell-order', offer({ validUntilMs: WALL_MS }))],
    ['OFFER_ABOVE_SPEC', sign('ann.h1', 'sell-order', offer({ provision: 'distributed' }))],
    ['OFFER_ABOVE_SPEC', sign('ann.h1', 'sell-order', offer({ lots: [lot('m2')] }))],
    ['OFFER_ABOVE_SPEC', sign('ann.h1', 'sell-order', offer({ lots: [lot('m1'), lot('m1')] }))],
    [
      'OFFER_ABOVE_SPEC',
      sign('ann.h1', 'sell-order', offer(lots({ amounts: amounts({ cpuMillicores: 8001 }) }))),
    ],
    ['OFFER_ABOVE_SPEC', sign('ann.h1', 'sell-order', offer(lots({ devices: [lotGpu('g2')] })))],
    [
      'OFFER_ABOVE_SPEC',
      sign('ann.h1', 'sell-order', offer(lots({ devices: [lotGpu('g1'), lotGpu('g1')] }))),
    ],
    [
      'OFFER_ABOVE_SPEC',
      sign('ann.h1', 'sell-order', offer(lots({ devices: [lotGpu('g1', 1000, { model: 'G9' })] }))),
    ],
  ])('is refused: %s', (code, document) => {
    const world = registered();
    const before = structuredClone(world.hub('h1').core.panorama.lease('ann.h1'));
    expect(report(world, 'offer', document)).toBe(code);
    expect(world.hub('h1').core.panorama.lease('ann.h1')).toEqual(before);
  });

  it('is refused while no resources are registered: OFFER_UNREGISTERED', () => {
    const world = twoHubs();
    world.hub('h1').step([]);
    world.agent('ann.h1').step([{ kind: 'hub-connected' }]);
    world.settle();
    expect(report(world, 'offer', sign('ann.h1', 'sell-order', offer()))).toBe(
      'OFFER_UNREGISTERED',
    );
  });

  it('of too many lots is refused', () => {
    const world = twoHubs({ limits: { lotsPerOffer: 0 } }).start();
    expect(report(world, 'offer', sign('ann.h1', 'sell-order', offer()))).toBe('OFFER_MALFORMED');
  });

  it('leaves the panorama when its validity ends, whatever the wall clock does', () => {
    const world = registered();
    world.offer('ann.h1', { validUntilMs: world.now().wallMs + 5_000 });
    world.wallShiftMs -= 3_600_000;
    world.run(4_999);
    expect(world.hub('h2').core.panorama.lease('ann.h1')?.offer).not.toBe(null);
    world.run(1);
    expect(world.hub('h2').core.panorama.lease('ann.h1')?.offer).toBe(null);
  });

  it('leaves the panorama while its agent is silent', () => {
    const world = registered();
    world.lose = ({ frame }) => frame.from === 'ann.h1';
    world.run(11_000);
    expect(world.hub('h2').core.panorama.lease('ann.h1')?.offer).toBe(null);
    world.lose = () => false;
    world.run(1_000);
    expect(world.hub('h2').core.panorama.lease('ann.h1')?.offer).not.toBe(null);
  });
});

/** @patent ORD-1 */
describe('a buy order', () => {
  const base = buyOrder();
  const cases: [RefusalCode, Partial<BuyOrder>][] = [
    ['ORDER_COUNT', { count: { min: 0, max: 1 } }],
    ['ORDER_COUNT', { count: { min: 2, max: 1 } }],
    ['ORDER_COUNT', { count: { min: 1, max: 10_001 } }],
    ['ORDER_MALFORMED', { maxLessors: 0 }],
    ['ORDER_MALFORMED', { maxLessors: 65 }],
    ['ORDER_DURATION', { durationMs: 999 }],
    ['ORDER_DURATION', { durationMs: 32 * 24 * 3_600_000 }],
    ['ORDER_EXPIRED', { expiresAtMs: WALL_MS }],
    ['ORDER_EXPIRY', { expiresAtMs: WALL_MS + 32 * 24 * 3_600_000 }],
    ['ORDER_BUDGET', { budgetMicro: -1n }],
    ['ORDER_BUDGET', { limitMicroPerReplicaHour: -1n }],
    ['ORDER_BUDGET', { budgetMicro: 0n }],
    ['ORDER_TASK_DIGEST', { task: { ...base.task, privateDigest: digest('other') } }],
    ...[
      { shareMilli: 0, count: 1 },
      { shareMilli: 1001, count: 1 },
      { shareMilli: 500, count: 2 },
      { shareMilli: 1000, count: 0 },
    ].map(({ shareMilli, count }): [RefusalCode, Partial<BuyOrder>] => [
      'ORDER_DEVICES',
      {
        replica: {
          ...base.replica,
          device: { shareMilli, count, models: [], vendor: null, minMemoryBytes: 0 },
        },
      },
    ]),
  ];

  const submit = (world: World, document: SignedDocument) =>
    world.ask('lea.h1', { op: 'order.submit', document, taskPrivate: null });

  it.each(cases)('is refused: %s %o', (code, over) => {
    const world = registered();
    const document = world.lessee('lea.h1').sign(buyOrder(over));
    expect(submit(world, document)).toMatchObject({ ok: false, code });
    expect(world.hub('h1').store.keys('order')).toEqual([]);
  });

  it.each<[RefusalCode, SignedDocument]>([
    ['ORDER_MALFORMED', sign('lea.h1', 'buy-order', { no: 'order' })],
    ['ORDER_NOT_YOURS', sign('lea.h1', 'buy-order', buyOrder({ lessee: 'ann.h1' }))],
    ['ORDER_SIGNATURE', sign('ann.h1', 'buy-order', buyOrder(), 'lea.h1')],
    ['ORDER_SIGNATURE', sign('lea.h1', 'sell-order', buyOrder())],
  ])('is refused: %s', (code, document) => {
    expect(submit(registered(), document)).toMatchObject({ ok: false, code });
  });

  it('is refused beyond the stated number of open ones: ORDER_LIMIT', () => {
    const world = twoHubs({ limits: { openOrdersPerParticipant: 1 } }).start();
    const first = world.submit('lea.h1', buyOrder());
    const second = world.lessee('lea.h1').sign(buyOrder({ salt: 's2' }));
    expect(submit(world, second)).toMatchObject({ code: 'ORDER_LIMIT' });
    world.ask('lea.h1', { op: 'order.cancel', order: first });
    expect(submit(world, second)).toMatchObject({ ok: true });
  });

  it('is refused while as many wait for their turn as are allowed: ORDER_QUEUE_FULL', () => {
    const limits = { agreementsPreparing: 1, ordersQueued: 1 };
    const world = twoHubs({ limits }).start();
    const roomy = lot('m1', { amounts: amounts({ cpuMillicores: 8000 }) });
    world.offer('bob.h2', { lots: [roomy] });
    const held: SignedFrame[] = [];
    world.lose = (signed) => {
      const isVote = signed.frame.messages.some(({ type }) => type === 'vote-yes');
      if (isVote) held.push(signed);
      return isVote;
    };
    const [first, second] = ['first', 'second'].map((salt) => {
      return world.submit('lea.h1', buyOrder({ salt }));
    }) as [string, string];
    expect(world.view('lea.h1', first).state).not.toBe('open');
    const { lastCode, state } = world.view('lea.h1', second);
    expect({ lastCode, state }).toEqual({ lastCode: 'MATCH_QUEUED', state: 'open' });
    expect(world.ask('lea.h1', { op: 'hub.status' })).toMatchObject({
      status: { preparing: 1, queued: 1 },
    });
    const third = world.lessee('lea.h1').sign(buyOrder({ salt: 'third' }));
    expect(submit(world, third)).toMatchObject({ code: 'ORDER_QUEUE_FULL' });
    world.lose = () => false;
    world.run(20_000);
    expect(submit(world, third)).toMatchObject({ ok: true });
    world.run(20_000);
    for (const order of [first, second]) {
      expect(world.view('lea.h1', order).events.map(({ name }) => name)).toContain('started');
    }
  });

  /** @patent C1.4 */
  it('of a participant of another subnet is refused at the door', () => {
    const world = twoHubs({ lessees: ['lea.h1', 'lou.h2'] }).start();
    const stranger = new Framer('lou.h2', 's9');
    const request: Message = {
      type: 'request',
      requestId: 'r',
      request: {
        op: 'order.submit',
        document: world.lessee('lou.h2').sign(buyOrder()),
        taskPrivate: null,
      },
    };
    const before = world.posted.length;
    world.deliver(stranger.frame('h1', [request], world.now().wallMs), null);
    expect(world.hub('h1').effects.at(-1)).toMatchObject({ code: 'LINK_UNKNOWN_SENDER' });
    expect(world.posted.length).toBe(before);
    expect(world.hub('h1').core.orders.size).toBe(0);
  });

  it('of another participant of the same subnet is refused', () => {
    const world = twoHubs({ lessees: ['lea.h1', 'lou.h1'] }).start();
    const stolen = world.lessee('lou.h1').sign(buyOrder());
    expect(submit(world, stolen)).toMatchObject({ code: 'ORDER_NOT_YOURS' });
  });

  it('is refused while the disk is low, but what was accepted goes on', () => {
    const world = registered();
    const order = world.submit('lea.h1', buyOrder());
    world.hub('h1').diskLow = true;
    const more = world.lessee('lea.h1').sign(buyOrder({ salt: 's2' }));
    expect(submit(world, more)).toMatchObject({ code: 'STORE_LOW_DISK' });
    const again = world.lessee('lea.h1').sign(buyOrder());
    expect(submit(world, again)).toMatchObject({ ok: true, order });
    world.run(12_000);
    expect(world.view('lea.h1', order).state).toBe('completed');
  });
});
