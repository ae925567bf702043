/** An agent follows its hub from one signing key to the next by the operator's list of hubs alone. */
import { describe, expect, it } from 'vitest';
import { envOf } from '../../test/documents.ts';
import { acme, WALL_MS } from '../../test/fixtures.ts';
import { Framer } from '../../test/framer.ts';
import { keysOf } from '../../test/keys.ts';
import { DEFAULT_TIMING } from '../agreement/timing.ts';
import { signHubList } from '../identity/statements.ts';
import type { Message, SignedFrame } from '../messages.ts';
import { frameSigningText } from '../units/frame-text.ts';
import type { StoredRecord } from '../units/write.ts';
import { ParticipantCore } from './participant-core.ts';

const NOW = { elapsedMs: 0, wallMs: WALL_MS };
const NETWORK = { network: 'net', operatorKey: keysOf('operator').publicKey };
const WELCOME = { type: 'welcome', hub: 'h1', epoch: 1, collect: 'push' } as const;

function listed(revision: number, signKeys: string[], signer = 'operator') {
  const hubs = [
    { id: 'h1', signKeys: signKeys.map((name) => keysOf(name).publicKey), mesh: ['x'] },
  ];
  const list = { network: 'net', revision, hubs };
  const document = signHubList(keysOf(signer).crypto, list);
  return { type: 'hub-list', revision, document } as const;
}

function agent(stored: StoredRecord[] = [], network: typeof NETWORK | null = NETWORK) {
  const hub = { id: 'h1', publicKey: keysOf('h1').publicKey };
  const own = {
    id: 'ann.h1',
    hub,
    organization: acme,
    collect: 'push',
    timing: DEFAULT_TIMING,
  } as const;
  const config = { ...own, ...(network && { network }) };
  return new ParticipantCore(config, envOf('ann.h1'), NOW, stored);
}

const framer = new Framer('h1', 'e1', 1);

function frame(signer: string, ...messages: Message[]): SignedFrame {
  const signed = framer.frame('ann.h1', messages, NOW.wallMs);
  const signature = keysOf(signer).crypto.sign(frameSigningText(signed.text));
  return { ...signed, signature };
}

/** Codes that the frame is refused with, and what the agent writes down. */
function hear(core: ParticipantCore, signed: SignedFrame) {
  const { writes, effects } = core.step(NOW, [{ kind: 'frame', signed }]);
  const codes = effects.flatMap((effect) => ('code' in effect ? [effect.code] : []));
  const kept = writes.filter(({ table }) => table === 'hub-list');
  return { codes, stored: kept.map(({ table, key, text }) => ({ table, key, text: text ?? '' })) };
}

describe('the keys of its hub', () => {
  it('are the configured one until the operator lists others', () => {
    const core = agent();
    expect(hear(core, frame('h1', WELCOME)).codes).toEqual([]);
    expect(hear(core, frame('h1-next', WELCOME)).codes).toEqual(['LINK_SIGNATURE']);
    expect(hear(core, frame('h1', listed(1, ['h1', 'h1-next']), WELCOME)).codes).toEqual([]);
    expect(hear(core, frame('h1-next', WELCOME)).codes).toEqual([]);
    expect(hear(core, frame('h1', WELCOME)).codes).toEqual([]);
    expect(hear(core, frame('h1-next', listed(2, ['h1-next']))).codes).toEqual([]);
    expect(hear(core, frame('h1', WELCOME)).codes).toEqual(['LINK_SIGNATURE']);
  });

  it('are learnt by an agent that was away during the whole change, and kept over a restart', () => {
    const first = hear(agent(), frame('h1-next', listed(7, ['h1-next']), WELCOME));
    expect(first.codes).toEqual([]);
    expect(first.stored).toHaveLength(1);
    const again = agent(first.stored);
    expect(hear(again, frame('h1-next', WELCOME)).codes).toEqual([]);
    expect(hear(again, frame('h1', WELCOME)).codes).toEqual(['LINK_SIGNATURE']);
  });

  it('are not what somebody else lists, nor an older list, nor a list that names another signer', () => {
    const core = agent();
    expect(hear(core, frame('h1', listed(5, ['h1']))).codes).toEqual([]);
    const tries = [
      frame('eve', listed(6, ['eve'], 'eve'), WELCOME),
      frame('eve', listed(4, ['eve']), WELCOME),
      frame('eve', listed(6, ['h1']), WELCOME),
    ];
    for (const signed of tries) {
      expect(hear(core, signed)).toEqual({ codes: ['LINK_SIGNATURE'], stored: [] });
    }
    expect(hear(core, frame('h1', listed(4, ['eve']))).codes).toEqual(['IDENTITY_OUTDATED']);
    const forged = listed(9, ['eve'], 'h1');
    expect(hear(core, frame('h1', forged)).codes).toEqual(['IDENTITY_SIGNATURE']);
    expect(hear(core, frame('h1', listed(5, ['h1'])))).toEqual({ codes: [], stored: [] });
  });

  it('stay the configured one without the operator’s key', () => {
    const core = agent([], null);
    expect(hear(core, frame('h1', listed(1, ['h1-next']), WELCOME)).codes).toEqual([]);
    expect(hear(core, frame('h1', WELCOME)).codes).toEqual([]);
    expect(hear(core, frame('h1-next', WELCOME)).codes).toEqual(['LINK_SIGNATURE']);
  });
});
