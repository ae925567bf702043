/** Promise 2: what a hub tells another hub is in its committed store at that very moment. */

import type { AgreementMessage } from '@sparegrid/core/agreement/messages';
import type { AgreementPart, AgreementRecord } from '@sparegrid/core/agreement/records';
import type { HubId } from '@sparegrid/core/units/ids';
import type { HubMirror } from './mirror.ts';
import type { Model } from './model.ts';

type Named<Type extends AgreementMessage['type']> = Extract<AgreementMessage, { type: Type }>;

/** Checks one message that a hub puts on the wire. */
export function checkTold(
  model: Model,
  hub: HubMirror,
  to: HubId,
  message: AgreementMessage,
): void {
  const wrong = (what: string, id: string, detail: string) =>
    model.violate(`told.${what}`, hub.id, id, `to ${to}: ${detail}`);
  const claim =
    message.type === 'prepare' ? preparedUnbacked(hub, message) : unbacked(hub, message);
  if (claim !== null) {
    const id =
      message.type === 'prepare' ? hub.id : `${message.agreement}.${message.part} ${message.type}`;
    wrong(`${message.type}-not-durable`, id, claim);
  }
}

function preparedUnbacked(hub: HubMirror, { document }: Named<'prepare'>): string | null {
  const { agreement, part } = JSON.parse(document.payload) as { agreement: string; part: number };
  const record = hub.records.agreement.get(agreement);
  if (!record) return `agreement ${agreement} is not on record`;
  const same = record.parts[part]?.document.payload === document.payload;
  return same ? null : `the document of ${agreement}.${part} is another one on record`;
}

/** Why the claim is not backed by the store; null when it is. */
function unbacked(
  hub: HubMirror,
  message: Exclude<AgreementMessage, Named<'prepare'>>,
): string | null {
  switch (message.type) {
    case 'vote-yes':
    case 'vote-no':
    case 'aborted':
    case 'started':
    case 'running':
    case 'part-ended':
    case 'settled':
      return targetUnbacked(hub, message);
    default:
      return firstUnbacked(hub, message);
  }
}

/** Claims of a target hub, against its parts. */
function targetUnbacked(
  hub: HubMirror,
  message: Named<
    'vote-yes' | 'vote-no' | 'aborted' | 'started' | 'running' | 'part-ended' | 'settled'
  >,
): string | null {
  const id = `${message.agreement}.${message.part}`;
  const part = hub.records.part.get(id);
  const isBuried = hub.records.tombstone.has(id);
  switch (message.type) {
    case 'vote-yes':
      if (!part) return 'nothing is frozen';
      if (isBuried) return 'it had been aborted';
      return part.document.signatures.some(
        ({ keyId, signature }) => keyId === hub.id && signature === message.signature,
      )
        ? null
        : 'no such countersignature on record';
    case 'vote-no':
      // A second PREPARE in the same step may have found room after all; its yes follows.
      if (!part || part.state === 'ended' || part.heldAtMs === hub.now.elapsedMs) return null;
      return `the part is ${part.state}`;
    case 'aborted':
      if (part) return part.state === 'held' ? 'the part is held' : null;
      return isBuried ? null : 'no tombstone';
    case 'started':
      return part?.started ? null : 'not started on record';
    case 'running':
      return part && part.runningAtMs !== null ? null : 'not running on record';
    case 'part-ended':
      if (!part) return isBuried ? null : 'neither part nor tombstone';
      if (part.state !== 'ended') return `the part is ${part.state}`;
      return part.billedMs === message.billedMs &&
        part.costMicro === message.costMicro &&
        part.outcome === message.outcome
        ? null
        : `on record: ${part.outcome} ${part.billedMs} ms ${part.costMicro}`;
    case 'settled':
      return part && part.settledMicro === null ? 'no settled figure on record' : null;
  }
}

/** Claims and commands of a first hub, against its agreements. */
function firstUnbacked(
  hub: HubMirror,
  message: Named<'abort' | 'activate' | 'all-started' | 'end' | 'part-ended-ack' | 'settle'>,
): string | null {
  const agreement = hub.records.agreement.get(message.agreement);
  if (!agreement) {
    const isBuried = hub.records.tombstone.has(`first ${message.agreement}.${message.part}`);
    const harmless = message.type === 'settle' ? message.costMicro === 0n : isFinal(message);
    return isBuried && harmless ? null : 'no agreement and no tombstone on record';
  }
  const part = agreement.parts[message.part];
  if (!part) return 'no such part';
  return commandUnbacked(agreement, part, message);
}

function isFinal({ type }: AgreementMessage): boolean {
  return type === 'abort' || type === 'end' || type === 'part-ended-ack';
}

function commandUnbacked(
  agreement: AgreementRecord,
  part: AgreementPart,
  message: Named<'abort' | 'activate' | 'all-started' | 'end' | 'part-ended-ack' | 'settle'>,
): string | null {
  const isDropped = part.status === 'refused' || part.status === 'closed';
  const isAborted = agreement.state === 'aborted';
  switch (message.type) {
    case 'activate': {
      const isDecided = agreement.state !== 'preparing' && !isAborted;
      if (message.release !== null && message.release !== part.release)
        return 'another release is on record';
      return isDecided && !isDropped ? null : `agreement ${agreement.state}, part ${part.status}`;
    }
    case 'abort':
      return isAborted || isDropped ? null : `agreement ${agreement.state}, part ${part.status}`;
    case 'all-started':
      return agreement.runningAtMs !== null ? null : `agreement ${agreement.state}`;
    case 'end':
      return part.endCode !== null ? null : 'no end was decided';
    case 'part-ended-ack':
      return isAborted || isDropped || part.status === 'ended' ? null : `part ${part.status}`;
    case 'settle':
      return part.settleMicro === message.costMicro ? null : `on record: ${part.settleMicro}`;
  }
}
