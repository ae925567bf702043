import { describe, expect, it } from 'vitest';
import { buyOrder, WALL_MS } from '../../test/fixtures.ts';
import { Framer } from '../../test/framer.ts';
import { digest, keysOf } from '../../test/keys.ts';
import { twoHubs, type World } from '../../test/world.ts';
import {
  type HubList,
  type KeyChain,
  type KeyStatement,
  signHubList,
  signKeys,
  signOrganization,
} from '../identity/statements.ts';
import type { Message } from '../messages.ts';
import type { Organization } from '../order/resource-spec.ts';
import { frameSigningText } from '../units/frame-text.ts';
import {
  type AdmissionAnswer,
  type AdmissionRequest,
  type JoinRequest,
  joinText,
  type RenewRequest,
  renewText,
} from './admission.ts';
import type { HubInput } from './hub-core.ts';

const DAY_MS = 86_400_000;
const acme: Organization = { id: 'acme', name: 'Acme', kind: 'company' };
/** For tests that let hours pass. */
const slow = { timing: { heartbeatMs: 600_000 } };
const requestDigest = digest('certificate request');
const token = digest('a token');

/** Signed as it must be, whatever is wrong with what it says. */
function chainOf(subject: string, over: Partial<KeyStatement> = {}, who = acme): KeyChain {
  const base = {
    network: 'net',
    revision: 1,
    notBeforeMs: WALL_MS - DAY_MS,
    notAfterMs: WALL_MS + DAY_MS,
  };
  const signKey = keysOf(`org ${who.id}`).publicKey;
  const upper = { ...base, organization: who, signKey };
  const keys: KeyStatement = {
    ...base,
    organization: who.id,
    subject,
    kind: 'agent',
    signKey: keysOf(subject).publicKey,
    sealKey: 'seal',
    ...over,
  };
  return {
    organization: signOrganization(keysOf('operator').crypto, upper),
    key: signKeys(keysOf(`org ${who.id}`).crypto, keys),
  };
}

/** What the hub answers, and what it committed before that. */
function ask(world: World, request: AdmissionRequest): AdmissionAnswer {
  const node = world.hub('h1');
  node.effects.length = 0;
  node.step([{ kind: 'admission', ticket: 't', request }]);
  const answer = node.effects.find(({ kind }) => kind === 'answer');
  world.settle();
  if (answer?.kind !== 'answer') throw new Error('no answer');
  return answer.answer;
}

const codeOf = (answer: AdmissionAnswer): string => (answer.ok ? 'ok' : answer.code);

function newToken(world: World, over: object = {}): string {
  const terms = { role: 'lessor', organization: acme, participant: null } as const;
  return codeOf(
    ask(world, { op: 'token.create', digest: token, ttlMs: 60_000, ...terms, ...over }),
  );
}

function joinOf(participant: string, over: Partial<JoinRequest> = {}, signer = participant) {
  const asked = { participant, token, requestDigest, chain: chainOf(participant), ...over };
  const proof = keysOf(signer).crypto.sign(joinText('h1', asked));
  return { op: 'join', ...asked, proof } as const;
}

function renewOf(
  participant: string,
  chain: KeyChain,
  [present, next]: [string, string],
  over: Partial<RenewRequest> = {},
) {
  const asked = { participant, chain, requestDigest, sentAtMs: WALL_MS, ...over };
  const text = renewText('h1', asked);
  const signature = keysOf(present).crypto.sign(text);
  return { op: 'renew', ...asked, signature, proof: keysOf(next).crypto.sign(text) } as const;
}

/** Sends a frame of that participant, signed by those keys; returns what the hub says to it. */
function speak(world: World, from: string, signer = from, session = 's9'): Message[] {
  const messages: Message[] = [{ type: 'hello', role: 'lessee' }];
  const seq = world.posted.length + 100;
  const { frame, text } = new Framer(from, session).frame('h1', messages, world.now().wallMs, {
    seq,
  });
  const before = world.posted.length;
  const signature = keysOf(signer).crypto.sign(frameSigningText(text));
  world.deliver({ frame, text, signature }, null);
  return world.posted.slice(before).flatMap(({ frame }) => frame.messages);
}

const isHeard = (world: World, from: string, signer = from): boolean =>
  speak(world, from, signer).some(({ type }) => type === 'welcome');

const restarted = (world: World): World => {
  world.hub('h1').reload();
  return world;
};

describe('a participant with a token', () => {
  it('is admitted at run time, and stays so over restarts', () => {
    const world = twoHubs().start();
    expect(isHeard(world, 'new.h1')).toBe(false);
    expect(newToken(world)).toBe('ok');
    expect(ask(world, joinOf('new.h1'))).toMatchObject({ ok: true, participant: 'new.h1' });
    expect(isHeard(world, 'new.h1')).toBe(true);
    expect(isHeard(restarted(world), 'new.h1')).toBe(true);
  });

  it('may ask again when the answer was lost, but nobody else may use its token', () => {
    const world = twoHubs().start();
    newToken(world);
    ask(world, joinOf('new.h1'));
    expect(codeOf(ask(restarted(world), joinOf('new.h1')))).toBe('ok');
    expect(codeOf(ask(world, joinOf('other.h1')))).toBe('ADMISSION_TOKEN_USED');
    expect(newToken(world)).toBe('ok');
    expect(codeOf(ask(world, joinOf('other.h1')))).toBe('ADMISSION_TOKEN_USED');
    expect(isHeard(world, 'other.h1')).toBe(false);
  });

  it('needs it before its end; later the hub forgets it', () => {
    const world = twoHubs(slow).start();
    newToken(world);
    world.run(60_000);
    expect(codeOf(ask(world, joinOf('new.h1')))).toBe('ADMISSION_TOKEN');
    expect(codeOf(ask(restarted(world), joinOf('new.h1')))).toBe('ADMISSION_TOKEN');
    world.run(3_600_000);
    expect(world.hub('h1').store.get('join-token', token)).toBeUndefined();
  });

  const who = (over: Partial<KeyStatement>) => ({ chain: chainOf('new.h1', over) });
  const rival = { ...acme, id: 'rival' };
  it.each<[string, string, object, JoinRequest]>([
    ['ADMISSION_TOKEN', 'an unknown token', {}, joinOf('new.h1', { token: digest('guess') })],
    ['ADMISSION_NOT_HERE', 'a name of another hub', {}, joinOf('new.h2')],
    ['ADMISSION_NOT_HERE', 'the name of a hub', {}, joinOf('h1')],
    ['ADMISSION_NOT_HERE', 'another name', { participant: 'one.h1' }, joinOf('new.h1')],
    ['IDENTITY_SUBJECT', 'keys of another', {}, joinOf('new.h1', { chain: chainOf('old.h1') })],
    ['IDENTITY_KIND', 'keys for another use', {}, joinOf('new.h1', who({ kind: 'device' }))],
    ['IDENTITY_EXPIRED', 'keys of last year', {}, joinOf('new.h1', who({ notAfterMs: 1 }))],
    ['IDENTITY_NETWORK', 'another network', {}, joinOf('new.h1', who({ network: 'other' }))],
    [
      'IDENTITY_ORGANIZATION',
      'another organisation',
      {},
      joinOf('new.h1', { chain: chainOf('new.h1', {}, rival) }),
    ],
    [
      'IDENTITY_ORGANIZATION',
      'an organisation of another kind',
      { organization: { id: 'acme', kind: 'government' } },
      joinOf('new.h1'),
    ],
    [
      'IDENTITY_SIGNATURE',
      'an organisation that the operator does not know',
      {},
      joinOf('new.h1', {
        chain: { ...chainOf('new.h1'), organization: chainOf('new.h1').key },
      }),
    ],
    ['ADMISSION_PROOF', 'a stolen chain', {}, joinOf('new.h1', {}, 'thief')],
    ['ADMISSION_TAKEN', 'a name in use', {}, joinOf('ann.h1')],
    [
      'ADMISSION_TAKEN',
      'a key in use',
      {},
      joinOf('new.h1', who({ signKey: keysOf('ann.h1').publicKey }), 'ann.h1'),
    ],
  ])('is refused with %s: %s', (code, _what, terms, request) => {
    const world = twoHubs().start();
    newToken(world, terms);
    const before = JSON.stringify([...world.hub('h1').store.live()]);
    expect(codeOf(ask(world, request))).toBe(code);
    expect(isHeard(world, 'new.h1')).toBe(false);
    const changed = (text: string) => text.replaceAll(/"elapsedMs":\d+/g, '');
    expect(changed(JSON.stringify([...world.hub('h1').store.live()]))).toBe(changed(before));
  });

  it('gets no token for another hub’s subnet, and none from a hub without an operator', () => {
    const world = twoHubs().start();
    expect(newToken(world, { participant: 'new.h2' })).toBe('ADMISSION_NOT_HERE');
  });
});

describe('a participant that is expelled', () => {
  const ready = (): World => {
    const world = twoHubs({ lessors: ['ann.h1', 'bob.h2'] }).start();
    world.offer('ann.h1', { revision: 1 }).offer('bob.h2', { revision: 1 });
    return world;
  };
  const expel = (world: World, participant: string) =>
    codeOf(ask(world, { op: 'participant.expel', participant }));

  it('is not heard any more, listed or admitted, also after a restart', () => {
    const world = ready();
    newToken(world);
    ask(world, joinOf('new.h1'));
    for (const id of ['new.h1', 'ann.h1', 'lea.h1']) {
      expect(isHeard(world, id)).toBe(true);
      expect(expel(world, id)).toBe('ok');
      expect(isHeard(world, id)).toBe(false);
      expect(isHeard(restarted(world), id)).toBe(false);
    }
    expect(world.hub('h1').core.participants()).toEqual([]);
  });

  it('leaves both panoramas of all hubs at once', () => {
    const world = ready();
    const rows = (holder: string) => {
      const part = world.hub(holder).core.panorama.parts.get('h1');
      return part?.rows().map((row) => row.participant);
    };
    expect(rows('h2')).toContain('ann.h1');
    expel(world, 'ann.h1');
    expect(rows('h1')).toEqual([]);
    expect(rows('h2')).toEqual([]);
    world.restart(world.hub('h1'));
    world.settle();
    expect(rows('h1')).toEqual([]);
  });

  it('takes its own orders with it, and what it ran ends as with a lost lessor', () => {
    const world = ready();
    const disconnect = { stopAfterMs: 5_000, onLoss: 'terminate' } as const;
    const single = { count: { min: 1, max: 1 }, durationMs: 3_600_000, disconnect };
    const lease = world.submit('lea.h1', buyOrder(single));
    world.run(2_000);
    expect(world.view('lea.h1', lease).state).toBe('running');
    const [{ lessor } = { lessor: '' }] =
      world.view('lea.h1', lease).agreements.at(-1)?.parts ?? [];
    expect(lessor).toBe('ann.h1');
    expel(world, 'ann.h1');
    world.run(120_000);
    const outcomes = world
      .view('lea.h1', lease)
      .agreements.flatMap(({ parts }) => parts.map((part) => `${part.lessor} ${part.outcome}`));
    expect(outcomes).toContain('ann.h1 LEASE_LESSOR_LOST');
    expect(world.agent('ann.h1').running).toEqual([]);
    const other = world.submit('lea.h1', buyOrder({ ...single, salt: 'other' }));
    expel(world, 'lea.h1');
    world.run(120_000);
    expect(world.hub('h1').core.orders.get(other)?.state).toBe('cancelled');
    expect(world.hub('h1').core.orders.get(lease)?.state).not.toBe('running');
  });

  it('is told nothing by the step that expels it, not even what it was about to run', () => {
    const toldInOneStep = (inputs: HubInput[]) => {
      const world = ready();
      world.submit('lea.h1', buyOrder({ count: { min: 1, max: 1 }, durationMs: 3_600_000 }));
      world.run(2_000);
      const hellos: HubInput[] = [];
      world.lose = (signed) => hellos.push({ kind: 'frame', signed }) > 0;
      world.restartAgent('ann.h1');
      const sends = world.hub('h1').step([...hellos, ...inputs]);
      return sends.filter(({ to }) => to === 'ann.h1').map(({ message }) => message.type);
    };
    expect(toldInOneStep([])).toEqual(['welcome', 'desired']);
    const request = { op: 'participant.expel', participant: 'ann.h1' } as const;
    expect(toldInOneStep([{ kind: 'admission', ticket: 't', request }])).toEqual([]);
  });

  it('is never admitted again: neither the name nor the key', () => {
    const world = ready();
    newToken(world);
    ask(world, joinOf('new.h1'));
    expel(world, 'new.h1');
    expect(codeOf(ask(restarted(world), joinOf('new.h1')))).toBe('ADMISSION_EXPELLED');
    const key = { signKey: keysOf('new.h1').publicKey };
    const renamed = joinOf('neu.h1', { chain: chainOf('neu.h1', key) }, 'new.h1');
    expect(codeOf(ask(world, renamed))).toBe('ADMISSION_EXPELLED');
    const renewed = renewOf('new.h1', chainOf('new.h1'), ['new.h1', 'new.h1']);
    expect(codeOf(ask(world, renewed))).toBe('ADMISSION_UNKNOWN');
  });

  it('stays expelled when it is expelled again; nobody else is', () => {
    const world = ready();
    expect([expel(world, 'ann.h1'), expel(world, 'ann.h1')]).toEqual(['ok', 'ok']);
    expect(expel(world, 'nobody.h1')).toBe('ADMISSION_UNKNOWN');
    expect(isHeard(world, 'lea.h1')).toBe(true);
  });
});

describe('a participant’s new keys', () => {
  const next = keysOf('new.h1 later').publicKey;
  const later = (over: Partial<KeyStatement> = {}) =>
    chainOf('new.h1', { revision: 2, signKey: next, ...over });
  const joined = (): World => {
    const world = twoHubs(slow).start();
    newToken(world);
    ask(world, joinOf('new.h1'));
    return world;
  };
  const both: [string, string] = ['new.h1', 'new.h1 later'];

  it('are good at once, the old ones for another hour, also after a restart', () => {
    const world = joined();
    expect(codeOf(ask(world, renewOf('new.h1', later(), both)))).toBe('ok');
    expect(codeOf(ask(world, renewOf('new.h1', later(), both)))).toBe('ok');
    expect(isHeard(restarted(world), 'new.h1', 'new.h1 later')).toBe(true);
    expect(isHeard(world, 'new.h1', 'new.h1')).toBe(true);
    world.run(3_600_000);
    expect(isHeard(world, 'new.h1', 'new.h1 later')).toBe(true);
    expect(isHeard(world, 'new.h1', 'new.h1')).toBe(false);
    expect(isHeard(restarted(world), 'new.h1', 'new.h1')).toBe(false);
  });

  it('may stay the same while only the certificate is renewed', () => {
    const world = joined();
    const same: [string, string] = ['new.h1', 'new.h1'];
    expect(codeOf(ask(world, renewOf('new.h1', chainOf('new.h1'), same)))).toBe('ok');
  });

  it.each<[string, RenewRequest]>([
    ['ADMISSION_UNKNOWN', renewOf('no.h1', chainOf('no.h1'), ['no.h1', 'no.h1'])],
    ['ADMISSION_PROOF', renewOf('new.h1', later(), ['thief', 'new.h1 later'])],
    ['ADMISSION_PROOF', renewOf('new.h1', later(), ['new.h1', 'thief'])],
    ['LINK_EXPIRED', renewOf('new.h1', later(), both, { sentAtMs: WALL_MS - DAY_MS })],
    ['IDENTITY_OUTDATED', renewOf('new.h1', later({ revision: 0 }), both)],
    ['IDENTITY_OUTDATED', renewOf('new.h1', later({ revision: 1 }), both)],
    ['IDENTITY_EXPIRED', renewOf('new.h1', later({ notAfterMs: 1 }), both)],
    [
      'ADMISSION_TAKEN',
      renewOf('new.h1', later({ signKey: keysOf('ann.h1').publicKey }), ['new.h1', 'ann.h1']),
    ],
  ])('are refused with %s', (code, request) => {
    const world = joined();
    expect(codeOf(ask(world, request))).toBe(code);
    expect(isHeard(world, 'new.h1', 'new.h1')).toBe(true);
  });
});

describe('the list of hubs', () => {
  const list = (revision: number, hubs: string[]): HubList => ({
    network: 'net',
    revision,
    hubs: hubs.map((id) => ({ id, signKeys: [keysOf(id).publicKey], mesh: [`nats://${id}:1`] })),
  });
  const set = (world: World, hubs: HubList, signer = 'operator') =>
    ask(world, { op: 'hubs.set', document: signHubList(keysOf(signer).crypto, hubs) });
  const heard = (world: World, hub: string): boolean => {
    world.hub('h1').effects.length = 0;
    const frame = new Framer(hub, 'e900', 900).frame('h1', [], world.now().wallMs);
    world.deliver(frame, null);
    return !world.hub('h1').effects.some(({ kind }) => kind === 'frame-refused');
  };

  it('admits a hub and takes another one out at run time, also after a restart', () => {
    const world = twoHubs().start();
    expect(heard(world, 'h3')).toBe(false);
    expect(set(world, list(1, ['h1', 'h3']))).toMatchObject({ ok: true, revision: 1 });
    expect(heard(world, 'h3')).toBe(true);
    expect(heard(world, 'h2')).toBe(false);
    expect(world.hub('h1').core.panorama.parts.get('h2')?.stale).toBe(true);
    restarted(world);
    expect(world.hub('h1').core.listedHubs.map(({ id }) => id)).toEqual(['h1', 'h3']);
    expect(heard(world, 'h2')).toBe(false);
  });

  it('is refused when it is older, the same again, or not the operator’s', () => {
    const world = twoHubs().start();
    set(world, list(5, ['h1', 'h2']));
    expect(codeOf(set(world, list(4, ['h1'])))).toBe('IDENTITY_OUTDATED');
    expect(codeOf(set(restarted(world), list(5, ['h1'])))).toBe('IDENTITY_OUTDATED');
    expect(codeOf(set(world, list(6, ['h1']), 'h2'))).toBe('IDENTITY_SIGNATURE');
    expect(heard(world, 'h2')).toBe(true);
  });

  it('lets a hub change its key: both are good while the list names both', () => {
    const world = twoHubs().start();
    const hubs = list(1, ['h1', 'h2']);
    const keys = [keysOf('h2 later').publicKey, keysOf('h2').publicKey];
    set(world, { ...hubs, hubs: hubs.hubs.map((hub) => ({ ...hub, signKeys: keys })) });
    expect(world.hub('h1').core.keysOf('h2')).toEqual(keys);
    expect(heard(world, 'h2')).toBe(true);
    set(world, {
      ...hubs,
      revision: 2,
      hubs: hubs.hubs.map((hub) => ({ ...hub, signKeys: keys.slice(0, 1) })),
    });
    expect(heard(world, 'h2')).toBe(false);
  });
});
