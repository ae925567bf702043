/** What a line over NATS carries: one kind byte, then frames, credits, or nothing. */
import { encodeWire } from '../wire.ts';

/**
 * A client opens a line, the server says that it is open; then both send frames and tell how many
 * bytes of frames they took; either closes it. A server that came up says `hello` to everybody.
 */
export const KIND = { open: 1, opened: 2, frame: 3, taken: 4, close: 5, hello: 6 } as const;

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

/** @param bytes  of frames, as they travelled, since the last word about it. */
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
