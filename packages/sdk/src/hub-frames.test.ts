/** With which keys a hub is believed by a program that speaks frames to it. */
import { type HubList, signHubList } from '@sparegrid/core/identity/statements';
import type { Message } from '@sparegrid/core/messages';
import { Framer } from '@sparegrid/link/framer';
import { generateKey, publicKeyOf } from '@sparegrid/link/keys';
import { nodeCrypto } from '@sparegrid/link/node-crypto';
import { expect, test } from 'vitest';
import { HubFrames } from './hub-frames.ts';

const [operator, former, next] = [generateKey(), generateKey(), generateKey()];
const NETWORK = { network: 'net', operatorKey: publicKeyOf(operator) };
const WELCOME = { type: 'welcome', hub: 'h1', epoch: 1, collect: 'push' } as const;
const NOW_MS = 1_700_000_000_000;

function listed(revision: number, keys: (typeof operator)[], signer = operator) {
  const hubs: HubList['hubs'] = [{ id: 'h1', signKeys: keys.map(publicKeyOf), mesh: ['x'] }];
  const document = signHubList(nodeCrypto(signer), { network: 'net', revision, hubs });
  return { type: 'hub-list', revision, document } as const;
}

/** What becomes of frames of the hub, one after the other, each signed with the key it comes with. */
function heard(network: typeof NETWORK | undefined, ...frames: [typeof operator, Message[]][]) {
  const crypto = nodeCrypto(generateKey());
  const incoming = new HubFrames(
    crypto,
    { id: 'h1', publicKey: publicKeyOf(former) },
    'lea.h1',
    network,
  );
  let epoch = 0;
  return frames.map(([key, messages]) => {
    epoch += 1;
    const sender = { crypto: nodeCrypto(key), from: 'h1', session: `e${epoch}`, epoch };
    const [frame] = new Framer({ ...sender, frameTtlMs: 30_000 }).frame('lea.h1', messages, NOW_MS);
    const opened = incoming.open(frame?.text ?? '', frame?.signature ?? '', NOW_MS);
    return opened.ok ? 'heard' : opened.code;
  });
}

test('the operator’s list names the hub’s keys, also in a frame signed with a new one', () => {
  const changed: [typeof operator, Message[]] = [next, [listed(2, [next]), WELCOME]];
  expect(heard(NETWORK, changed, [next, [WELCOME]], [former, [WELCOME]])).toEqual([
    'heard',
    'heard',
    'LINK_SIGNATURE',
  ]);
});

test('no list but the operator’s is believed, and no older one', () => {
  const forged: [typeof operator, Message[]] = [next, [listed(2, [next], next), WELCOME]];
  expect(heard(NETWORK, forged, [former, [WELCOME]])).toEqual(['LINK_SIGNATURE', 'heard']);
  const older: [typeof operator, Message[]] = [former, [listed(1, [former]), WELCOME]];
  expect(heard(NETWORK, [next, [listed(2, [next])]], older)).toEqual(['heard', 'LINK_SIGNATURE']);
});

test('without the operator’s key the configured key of the hub is all that counts', () => {
  const changed: [typeof operator, Message[]] = [next, [listed(2, [next]), WELCOME]];
  const kept: [typeof operator, Message[]] = [former, [listed(2, [next]), WELCOME]];
  expect(heard(undefined, changed, kept, [former, [WELCOME]])).toEqual([
    'LINK_SIGNATURE',
    'heard',
    'heard',
  ]);
});
