/** Messages between hubs as somebody else would send them: about real things, by no right. */
import type { AgreementMessage } from '@sparegrid/core/agreement/messages';
import type { Message } from '@sparegrid/core/messages';
import type { SignedDocument } from '@sparegrid/core/units/document';
import type { Rng } from '../kernel/rng.ts';

const NOTHING: SignedDocument = { payloadType: '', payload: '', signatures: [] };

/** An agreement named in the text, or one that never was. */
function agreementIn(text: string): string {
  return /o-[0-9a-f]{32}-\d+/.exec(text)?.[0] ?? `o-${'0'.repeat(32)}-1`;
}

/** Something that only a hub may say; `text` is a frame that was overheard. */
export function hubMessageOf(rng: Rng, text: string): Message {
  const agreement = agreementIn(text);
  const named = { agreement, part: 0 };
  const version = { hub: 'h1', epoch: 1, revision: 1, complete: true, digest: '0'.repeat(16) };
  return rng.pick<Message>([
    { type: 'activate', ...named, taskPrivate: null, release: null },
    { type: 'abort', ...named, code: 'AGREEMENT_ABORTED' },
    { type: 'all-started', ...named },
    { type: 'end', ...named, code: 'ORDER_CANCELLED' },
    { type: 'settle', ...named, costMicro: 0n },
    { type: 'started', ...named },
    { type: 'part-ended-ack', ...named },
    { type: 'heartbeat', version, mark: NOTHING, known: [NOTHING] },
    { type: 'recovery-request' },
    { type: 'delta', epoch: 1, from: 0, to: 1_000_000, complete: true, rows: [], changes: [] },
    { type: 'snapshot-request', of: 'h1' },
  ]);
}

/** What a hub that is no party may try about an agreement of two others. */
export function meddlingOf(rng: Rng, text: string): Exclude<AgreementMessage, { type: 'prepare' }> {
  const named = { agreement: agreementIn(text), part: rng.pick([0, 0, 1]) };
  const none = { billedMs: 1_000, costMicro: 1_000_000n, meter: null, lingers: false };
  return rng.pick<Exclude<AgreementMessage, { type: 'prepare' }>>([
    { type: 'activate', ...named, taskPrivate: null, release: null },
    { type: 'all-started', ...named },
    { type: 'end', ...named, code: 'ORDER_CANCELLED' },
    { type: 'settle', ...named, costMicro: 0n },
    { type: 'started', ...named },
    { type: 'running', ...named },
    { type: 'aborted', ...named },
    { type: 'settled', ...named },
    { type: 'part-ended-ack', ...named },
    { type: 'part-ended', ...named, outcome: 'completed', ...none },
  ]);
}
