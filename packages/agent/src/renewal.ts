/** Renews the certificate of the agent's link long before it expires. */
import { readFileSync } from 'node:fs';
import type { ParticipantId } from '@sparegrid/core/units/ids';
import type { Logger } from '@sparegrid/link/daemon/logger';
import { readKey } from '@sparegrid/link/daemon/read-key';
import { factsOf } from '@sparegrid/link/identity/certificates';
import { type Membership, memberFiles, renewMembership } from '@sparegrid/link/identity/membership';
import { keyChain } from '@sparegrid/link/schemas/identity';

/** A third of a certificate's life is left then: days of attempts. */
const LOOK_EVERY_MS = 3_600_000;

/** @returns what ends it. */
export function startRenewal(
  directory: string,
  participant: ParticipantId,
  logger: Logger,
): () => void {
  const look = (): void =>
    void renewIfDue(directory, participant, logger).catch((error) =>
      logger.error('certificate.failed', { error: String(error) }),
    );
  look();
  const timer = setInterval(look, LOOK_EVERY_MS);
  return () => clearInterval(timer);
}

async function renewIfDue(
  directory: string,
  participant: ParticipantId,
  logger: Logger,
): Promise<void> {
  const files = memberFiles(directory);
  const nowMs = Date.now();
  if (!factsOf(readFileSync(files.linkCert, 'utf8'), nowMs).isDue) return;
  const key = readKey(files.signKey);
  const membership = JSON.parse(readFileSync(files.membership, 'utf8')) as Membership;
  const chain = keyChain.parse(JSON.parse(readFileSync(files.chain, 'utf8')));
  const renewal = { directory, participant, membership, chain, present: key, next: key };
  const answer = await renewMembership(renewal, nowMs);
  if (answer.ok) logger.info('certificate.renewed');
  else logger.error('certificate.refused', { code: answer.code, hint: answer.hint });
}
