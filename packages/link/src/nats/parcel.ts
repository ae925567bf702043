/** What a line over NATS carries: one kind byte, then frames, credits, or nothing. */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { type Refusal, refuse } from '@sparegrid/core/refusals';
import { encodeWire, LENGTH_BYTES, WIRE_BYTES_MAX } from '../wire.ts';

/**
 * A client opens a line, the server says that it is open; then both send frames and tell how many
 * bytes of frames they took; either closes it. A server that came up says `hello` to everybody. A
 * large frame travels packed (raw DEFLATE).
 */
export const KIND = {
  open: 1,
  opened: 2,
  frame: 3,
  taken: 4,
  close: 5,
  hello: 6,
  packed: 7,
} as const;

export type Kind = (typeof KIND)[keyof typeof KIND];

export const OPEN = Uint8Array.of(KIND.open);
export const OPENED = Uint8Array.of(KIND.opened);
export const CLOSE = Uint8Array.of(KIND.close);
export const HELLO = Uint8Array.of(KIND.hello);

export function framePacket(text: string, signature: string): Buffer {
  const wire = encodeWire(text, signature);
  const packet = Buffer.allocUnsafe(1 + wire.length);
  packet[0] = KIND.frame;
  packet.set(wire, 1);
  return packet;
}

/** Smaller frames are not worth the time. */
const PACKED_BYTES_MIN = 16_384;
/** Whole and fast: rows of a snapshot shrink to a fifth at the lowest level. */
const LEVEL = 1;

/** The frame as it travels: what does not get smaller by it, such as sealed bytes, stays as it is. */
export function packed(packet: Uint8Array): Uint8Array {
  if (packet.length < PACKED_BYTES_MIN) return packet;
  const body = deflateRawSync(packet.subarray(1), { level: LEVEL });
  if (body.length > packet.length / 2) return packet;
  return Buffer.concat([Uint8Array.of(KIND.packed), body]);
}

/**
 * The bytes of the frame in a packet of either kind. Never more than a frame may have: a small packet
 * that would become a huge one is given up when that is clear.
 *
 * @refuses LINK_TOO_LARGE, LINK_MALFORMED
 */
export function wireOf(packet: Uint8Array): { ok: true; wire: Uint8Array } | Refusal {
  const body = packet.subarray(1);
  if (packet[0] !== KIND.packed) return { ok: true, wire: body };
  try {
    const wire = inflateRawSync(body, { maxOutputLength: LENGTH_BYTES + WIRE_BYTES_MAX });
    return { ok: true, wire };
  } catch (error) {
    if ((error as { code?: string }).code !== 'ERR_BUFFER_TOO_LARGE') {
      return refuse('LINK_MALFORMED', 'packed: expected raw DEFLATE');
    }
    return refuse('LINK_TOO_LARGE', `packed: expected at most ${WIRE_BYTES_MAX} bytes unpacked`);
  }
}

/** @param bytes  of frames, unpacked, since the last word about it. */
export function takenPacket(bytes: number): Buffer {
  const packet = Buffer.allocUnsafe(5);
  packet[0] = KIND.taken;
  packet.writeUInt32BE(bytes, 1);
  return packet;
}

/** 0 for a packet that says nothing sensible. */
export function takenOf(packet: Uint8Array): number {
  if (packet.length !== 5) return 0;
  return Buffer.from(packet.buffer, packet.byteOffset, packet.length).readUInt32BE(1);
}
