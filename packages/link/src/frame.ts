/** The text of a frame, which is what travels and what is signed. */
import type { Frame, Message, SignedFrame } from '@sparegrid/core/messages';
import { type Refusal, refuse } from '@sparegrid/core/refusals';
import { encodeStored } from '@sparegrid/core/units/json';
import { readAs } from './read-as.ts';
import { signature as signatureSchema } from './schemas/document.ts';
import { frame as frameSchema } from './schemas/messages.ts';

/** A frame ready to be sent. */
export interface FrameText {
  text: string;
  signature: string;
}

/** Money is written as decimal strings. */
export function encodeFrame(frame: Frame): string {
  return joinFrame(frame, frame.messages.map(encodeMessage));
}

export function encodeMessage(message: Message): string {
  return encodeStored(message);
}

/** The same text as {@link encodeFrame} from messages that are already text. */
export function joinFrame(head: Omit<Frame, 'messages'>, messages: readonly string[]): string {
  const { v, from, to, session, seq, epoch, sentAtMs, expiresAtMs } = head;
  const open = encodeStored({ v, from, to, session, seq, epoch, sentAtMs, expiresAtMs });
  return `${open.slice(0, -1)},"messages":[${messages.join(',')}]}`;
}

/**
 * Reads a frame of an untrusted sender; the signature is only carried along, core verifies it.
 * Never throws.
 *
 * @refuses LINK_TOO_LARGE above 1 MiB of UTF-8 or 32 levels; LINK_MALFORMED with the path of the
 *          first wrong field.
 */
export function decodeFrame(
  text: string,
  signature: string,
): { ok: true; signed: SignedFrame } | Refusal {
  const codes = { malformed: 'LINK_MALFORMED', tooLarge: 'LINK_TOO_LARGE' } as const;
  if (!signatureSchema.safeParse(signature).success) {
    return refuse('LINK_MALFORMED', 'signature: expected at most 512 characters of base64');
  }
  const read = readAs(frameSchema, text, codes);
  return read.ok ? { ok: true, signed: { frame: read.value, text, signature } } : read;
}
