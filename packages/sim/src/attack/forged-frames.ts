/** Frames that no honest node would send, each with the refusal it must get. */
import type { Message } from '@sparegrid/core/messages';
import { frameSigningText } from '@sparegrid/core/units/frame-text';
import type { HubId, NodeId, ParticipantId } from '@sparegrid/core/units/ids';
import { encodeFrame, type FrameText } from '@sparegrid/link/frame';
import { type Expectation, expectCodes } from '../auditor/expectation.ts';
import type { Keyring } from '../kernel/keyring.ts';
import type { Rng } from '../kernel/rng.ts';
import { hubMessageOf } from './stolen-messages.ts';

export interface Attack {
  to: NodeId;
  frame: FrameText;
  expectation: Expectation;
}

/** A frame that was on the wire. */
export interface Recorded {
  from: NodeId;
  to: NodeId;
  frame: FrameText;
}

export interface Forge {
  rng: Rng;
  keyring: Keyring;
  wallMs: number;
  frameTtlMs: number;
  toleranceMs: number;
  hubs: readonly HubId[];
  hostiles: readonly { id: ParticipantId; hub: HubId }[];
  recorded: Recorded;
}

export interface FrameHead {
  from: NodeId;
  to: NodeId;
  sentAtMs: number;
  ttlMs: number;
  epoch?: number;
}

/** A frame of a fresh session, signed with the key of `signer`. */
export function makeFrame(
  { rng, keyring }: Pick<Forge, 'rng' | 'keyring'>,
  signer: NodeId,
  head: FrameHead,
  messages: Message[],
): FrameText {
  const { from, to, sentAtMs, ttlMs, epoch = 0 } = head;
  const expiresAtMs = sentAtMs + ttlMs;
  const nonce = { session: rng.hex(32), seq: 0 };
  const text = encodeFrame({ v: 1, from, to, ...nonce, epoch, sentAtMs, expiresAtMs, messages });
  return { text, signature: keyring.cryptoOf(signer).sign(frameSigningText(text)) };
}

type Forger = (forge: Forge) => Attack;

function wrongSignature({ rng, recorded }: Forge): Attack {
  const { text, signature } = recorded.frame;
  const at = rng.between(0, signature.length - 4);
  const letter = signature[at] === 'A' ? 'B' : 'A';
  const forged = `${signature.slice(0, at)}${letter}${signature.slice(at + 1)}`;
  const expectation = expectCodes('wrong signature', 'LINK_SIGNATURE');
  return { to: recorded.to, frame: { text, signature: forged }, expectation };
}

function alteredBytes({ rng, recorded }: Forge): Attack {
  const { text, signature } = recorded.frame;
  const digits = [...text.matchAll(/\d/g)].map(({ index }) => index);
  const at = rng.pick(digits);
  const altered = `${text.slice(0, at)}${(Number(text[at]) + 1) % 10}${text.slice(at + 1)}`;
  return {
    to: recorded.to,
    frame: { text: altered, signature },
    expectation: expectCodes('altered bytes'),
  };
}

function borrowedId(forge: Forge): Attack {
  const { rng, wallMs, frameTtlMs, hostiles, recorded } = forge;
  const { from, to } = recorded;
  const thief = rng.pick(hostiles).id;
  const head = { from, to, sentAtMs: wallMs, ttlMs: frameTtlMs, epoch: 999 };
  const frame = makeFrame(forge, thief, head, [{ type: 'hello', role: 'agent' }]);
  return { to, frame, expectation: expectCodes('other node’s id', 'LINK_SIGNATURE') };
}

function wrongAudience({ rng, hubs, recorded }: Forge): Attack {
  const to = rng.pick(hubs.filter((hub) => hub !== recorded.to));
  return { to, frame: recorded.frame, expectation: expectCodes('wrong audience', 'LINK_AUDIENCE') };
}

function expired(forge: Forge): Attack {
  const { rng, wallMs, frameTtlMs, toleranceMs, hostiles } = forge;
  const { id, hub } = rng.pick(hostiles);
  // Further off than any clock of the simulation is set wrong.
  const away = 3_600_000 + 2 * (frameTtlMs + toleranceMs);
  const head = rng.pick([
    { sentAtMs: wallMs - away, ttlMs: frameTtlMs },
    { sentAtMs: wallMs + away, ttlMs: frameTtlMs },
    { sentAtMs: wallMs, ttlMs: away },
  ]);
  const frame = makeFrame(forge, id, { from: id, to: hub, ...head }, [
    { type: 'hello', role: 'lessee' },
  ]);
  return { to: hub, frame, expectation: expectCodes('expired or far future', 'LINK_EXPIRED') };
}

function foreignParticipant(forge: Forge): Attack {
  const { rng, wallMs, frameTtlMs, hostiles, hubs } = forge;
  const { id, hub } = rng.pick(hostiles);
  const to = rng.pick(hubs.filter((other) => other !== hub));
  const head = { from: id, to, sentAtMs: wallMs, ttlMs: frameTtlMs };
  const frame = makeFrame(forge, id, head, [{ type: 'hello', role: 'lessee' }]);
  const expectation = expectCodes('participant of another subnet', 'LINK_UNKNOWN_SENDER');
  return { to, frame, expectation };
}

function hubMessage(forge: Forge): Attack {
  const { rng, wallMs, frameTtlMs, hostiles } = forge;
  const { id, hub } = rng.pick(hostiles);
  const head = { from: id, to: hub, sentAtMs: wallMs, ttlMs: frameTtlMs };
  const frame = makeFrame(forge, id, head, [hubMessageOf(rng, forge.recorded.frame.text)]);
  return {
    to: hub,
    frame,
    expectation: expectCodes('hub message', 'LINK_NOT_ALLOWED', 'LINK_EXPIRED'),
  };
}

function nonsense({ rng, recorded }: Forge): Attack {
  const text = rng.pick([
    '',
    'null',
    '[]',
    '{"v":1}',
    `${'['.repeat(200)}${']'.repeat(200)}`,
    `{"v":1,"from":"${'a'.repeat(2_000_000)}"}`,
    '{"v":1,"__proto__":{"from":"h1"}}',
    rng.hex(200),
    recorded.frame.text.slice(0, rng.between(1, recorded.frame.text.length - 1)),
  ]);
  const expectation = expectCodes('nonsense', 'LINK_MALFORMED', 'LINK_TOO_LARGE');
  return { to: recorded.to, frame: { text, signature: recorded.frame.signature }, expectation };
}

const FORGERS: readonly Forger[] = [
  wrongSignature,
  alteredBytes,
  borrowedId,
  wrongAudience,
  expired,
  foreignParticipant,
  hubMessage,
  nonsense,
];

export function forgeFrame(forge: Forge): Attack {
  const forgers =
    forge.hubs.length > 1 ? FORGERS : [wrongSignature, alteredBytes, expired, nonsense];
  return forge.rng.pick(forgers)(forge);
}
