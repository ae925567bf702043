import { describe, expect, it } from 'vitest';
import { WALL_MS } from '../../test/fixtures.ts';
import { Framer } from '../../test/framer.ts';
import { keysOf } from '../../test/keys.ts';
import { twoHubs } from '../../test/world.ts';
import type { HubMessage, SignedFrame } from '../messages.ts';
import type { PanoramaRow } from '../panorama/row.ts';
import { FrameGate, type WindowRecord } from './frame-gate.ts';

const settings = { self: 'h1', frameTtlMs: 30_000, toleranceMs: 600_000 };
const validKeys = (node: string) => (node === 'h2' ? [keysOf('h2').publicKey] : []);
const now = (wallMs = WALL_MS, elapsedMs = 1_000) => ({ wallMs, elapsedMs });

/** A gate with what it wrote. */
function gate(stored: ReadonlyMap<string, WindowRecord> = new Map()) {
  const door = new FrameGate(settings, keysOf('h1').crypto);
  for (const [key, record] of stored) door.restore(key, record);
  const written = new Map(stored);
  const check = (signed: SignedFrame, at = now()) => {
    const put = (key: string, record: WindowRecord) => void written.set(key, record);
    const checked = door.check(signed, at, validKeys, put);
    return checked.ok ? 'ok' : checked.code;
  };
  return { door, written, check };
}

const sender = () => new Framer('h2', 'e3', 3);

describe('the door for frames', () => {
  it('lets a frame in once', () => {
    const { check } = gate();
    const frame = sender().frame('h1', [], WALL_MS);
    expect(check(frame)).toBe('ok');
    expect(check(frame)).toBe('LINK_REPLAYED');
  });

  it('remembers a frame across a restart', () => {
    const { check, written } = gate();
    const frame = sender().frame('h1', [], WALL_MS);
    check(frame);
    const restored = new Map(JSON.parse(JSON.stringify([...written])));
    expect(gate(restored as Map<string, WindowRecord>).check(frame)).toBe('LINK_REPLAYED');
  });

  it('lets frames of one session in whatever their order', () => {
    const { check } = gate();
    const framer = sender();
    const frames = [1, 2, 3].map(() => framer.frame('h1', [], WALL_MS));
    expect(frames.reverse().map((frame) => check(frame))).toEqual(['ok', 'ok', 'ok']);
  });

  it('refuses a frame for another node, before anything else', () => {
    const stranger = new Framer('h3', 'e1').frame('h2', [], 0);
    expect(gate().check(stranger)).toBe('LINK_AUDIENCE');
  });

  it('refuses a stranger', () => {
    expect(gate().check(new Framer('h3', 'e1').frame('h1', [], WALL_MS))).toBe(
      'LINK_UNKNOWN_SENDER',
    );
  });

  it('refuses another text than the one that was signed', () => {
    const frame = sender().frame('h1', [], WALL_MS);
    expect(gate().check({ ...frame, text: `${frame.text} ` })).toBe('LINK_SIGNATURE');
  });

  it('refuses the signature of another node', () => {
    const { frame, text } = sender().frame('h1', [], WALL_MS);
    const { signature } = new Framer('h3', 'e3', 3).frame('h1', [], WALL_MS);
    expect(gate().check({ frame, text, signature })).toBe('LINK_SIGNATURE');
  });

  it('does not take the signature of a document for that of a frame', () => {
    const { frame, text } = sender().frame('h1', [], WALL_MS);
    const signature = keysOf('h2').crypto.sign(text);
    expect(gate().check({ frame, text, signature })).toBe('LINK_SIGNATURE');
  });

  it.each([
    ['just in time', WALL_MS + 630_000, 'ok'],
    ['too late', WALL_MS + 630_001, 'LINK_EXPIRED'],
    ['from not too far in the future', WALL_MS - 600_000, 'ok'],
    ['from too far in the future', WALL_MS - 600_001, 'LINK_EXPIRED'],
  ])('allows for clocks that differ: %s', (_when, wallMs, verdict) => {
    expect(gate().check(sender().frame('h1', [], WALL_MS), now(wallMs))).toBe(verdict);
  });

  it('refuses a frame that claims to be valid for long', () => {
    const expiresAtMs = WALL_MS + 60_001;
    expect(gate().check(sender().frame('h1', [], WALL_MS, { expiresAtMs }))).toBe('LINK_EXPIRED');
  });

  it('refuses frames of an earlier life of a hub, also after its own restart', () => {
    const { check, written } = gate();
    check(sender().frame('h1', [], WALL_MS));
    const old = new Framer('h2', 'e2', 2);
    expect(check(old.frame('h1', [], WALL_MS))).toBe('LINK_FENCED');
    expect(gate(written).check(old.frame('h1', [], WALL_MS))).toBe('LINK_FENCED');
  });

  it('changes nothing when it refuses', () => {
    const { check, written, door } = gate();
    const frame = new Framer('h2', 'e9', 9).frame('h1', [], WALL_MS);
    check({ ...frame, signature: 'forged' });
    expect(written.size).toBe(0);
    expect(door.epochOf('h2')).toBe(0);
    expect(check(frame)).toBe('ok');
  });

  it('forgets sessions long silent, but never the newest fence of a hub', () => {
    const { check, door, written } = gate();
    check(sender().frame('h1', [], WALL_MS));
    check(new Framer('h2', 'e4', 4).frame('h1', [], WALL_MS));
    const removed: string[] = [];
    door.forgetSilent(now(WALL_MS, 7 * 3_600_000), (key) => void removed.push(key));
    expect(removed).toEqual(['h2 e3']);
    for (const key of removed) written.delete(key);
    expect(gate(written).door.epochOf('h2')).toBe(4);
  });
});

describe('a hub', () => {
  it('remembers what it accepted across a restart', () => {
    const world = twoHubs().start().offer('ann.h1').offer('bob.h2');
    const seen = world.posted.filter(({ frame }) => frame.to === 'h2');
    world.restart(world.hub('h2'));
    world.settle();
    const { steps, effects } = world.hub('h2');
    for (const frame of seen) world.deliver(frame, null);
    expect(world.hub('h2').steps).toBe(steps + seen.length);
    expect(effects.slice(-seen.length).map((effect) => 'code' in effect && effect.code)).toEqual(
      seen.map(() => 'LINK_REPLAYED'),
    );
  });

  it('takes rows without a commit, and their numbers with the next one', () => {
    const world = twoHubs().start();
    const hub = world.hub('h2');
    const recorded = () => hub.store.get('window', `h1 e${world.hub('h1').core.epoch}`);
    const before = recorded();
    world.offer('ann.h1');
    const delta = world.posted.findLast(({ frame }) => frame.to === 'h2') as SignedFrame;
    expect(delta.frame.messages.map(({ type }) => type)).toEqual(['delta']);
    expect(hub.core.panorama.lease('ann.h1')?.offer).toBeTruthy();
    expect(recorded()).toBe(before);
    world.deliver(delta, null);
    expect(hub.effects.at(-1)).toMatchObject({ code: 'LINK_REPLAYED' });
    world.offer('bob.h2');
    expect(recorded()).not.toBe(before);
  });

  it('forgets the number of a frame together with the rows that it brought', () => {
    const world = twoHubs().start().offer('ann.h1');
    const hub = world.hub('h2');
    const delta = world.posted.findLast(({ frame }) => frame.to === 'h2') as SignedFrame;
    world.lose = () => true;
    hub.reload();
    expect(hub.core.panorama.lease('ann.h1')).toBeUndefined();
    const { length } = hub.effects;
    world.deliver(delta, null);
    // Without what came before it, it is only a reason to ask for the whole part.
    expect(hub.effects.length).toBe(length);
    expect(hub.core.panorama.lease('ann.h1')).toBeUndefined();
    expect(world.posted.at(-1)?.frame.messages).toContainEqual({
      type: 'snapshot-request',
      of: 'h1',
    });
  });

  it('records at once with whose life a frame with rows begins', () => {
    const world = twoHubs().start();
    const hub = world.hub('h2');
    const epoch = world.hub('h1').core.epoch + 1;
    const span = { epoch, from: 0, to: 1, complete: true };
    const delta = { type: 'delta' as const, ...span, rows: [], changes: [] };
    world.deliver(
      new Framer('h1', `e${epoch}`, epoch).frame('h2', [delta], world.now().wallMs),
      null,
    );
    expect(hub.store.get('window', `h1 e${epoch}`)).toBeTruthy();
  });

  it('ignores messages that the sender’s role may not send', () => {
    const world = twoHubs().start();
    world.lessee('lea.h1').send({ type: 'snapshot-request', of: 'h1' });
    world.settle();
    expect(world.hub('h1').effects.at(-1)).toMatchObject({ code: 'LINK_NOT_ALLOWED' });
    const before = world.hub('h1').effects.length;
    const asHub = world.hub('h2').framer;
    world.deliver(asHub.frame('h1', [{ type: 'hello', role: 'agent' }], world.now().wallMs), null);
    expect(world.hub('h1').effects[before]).toMatchObject({ code: 'LINK_NOT_ALLOWED' });
  });

  it('ignores rows of a participant of another hub', () => {
    const world = twoHubs().start();
    const row: PanoramaRow = { kind: 'lease', participant: 'ann.h1', revision: 99, offer: null };
    const { epoch, revision } = world.hub('h2').core.panorama.own;
    const span = { epoch, from: revision, to: revision + 1, complete: true };
    const delta = { type: 'delta' as const, ...span, rows: [row], changes: [] };
    world.deliver(world.hub('h2').framer.frame('h1', [delta], world.now().wallMs), null);
    expect(world.hub('h1').effects.at(-1)).toMatchObject({ code: 'PANORAMA_NOT_OWNER' });
    expect(world.hub('h1').core.panorama.parts.get('h2')?.revision).toBe(revision);
  });

  it('ignores rows of a revision that their owner has not reached', () => {
    const world = twoHubs().start();
    const row: PanoramaRow = { kind: 'lease', participant: 'x.h2', revision: 1e9, offer: null };
    const { epoch, revision } = world.hub('h2').core.panorama.own;
    const span = { epoch, from: revision, to: revision + 1, complete: true };
    const snapshot = { epoch, revision: revision + 1, complete: true, chunk: 0, chunks: 1 };
    const messages: HubMessage[] = [
      { type: 'delta', ...span, rows: [row], changes: [] },
      { type: 'snapshot', ...snapshot, rows: [row], forms: [], shared: [] },
    ];
    for (const message of messages) {
      world.deliver(world.hub('h2').framer.frame('h1', [message], world.now().wallMs), null);
      expect(world.hub('h1').effects.at(-1)).toMatchObject({ code: 'PANORAMA_REVISION' });
    }
    expect(world.hub('h1').core.panorama.parts.get('h2')?.revision).toBe(revision);
  });
});
