/** Promises 2 and 3: decisions stand on what the others truly said, and follow each other in order. */
import type { AgreementPart, AgreementRecord, PartRecord } from '@sparegrid/core/agreement/records';
import type { Containers } from './containers.ts';
import type { Commit } from './mirror.ts';
import type { Model } from './model.ts';

export function checkDecisions(model: Model, containers: Containers, commit: Commit): void {
  for (const { before, after } of commit.changes.agreement) {
    const wasDecided = before && before.state !== 'preparing';
    if (!wasDecided && after.decidedAtMs !== null && after.state !== 'aborted') {
      checkCommitted(model, commit.hub.id, after);
    }
    if (before?.runningAtMs == null && after.runningAtMs !== null) {
      checkAllStarted(model, containers, commit.hub.id, after);
    }
  }
  for (const { before, after } of commit.changes.part)
    checkPart(model, containers, commit, before, after);
}

function counts({ status }: AgreementPart): boolean {
  return status !== 'refused' && status !== 'closed';
}

/** Every part that counts was frozen at its target hub under these very terms. */
function checkCommitted(model: Model, hub: string, agreement: AgreementRecord): void {
  for (const part of agreement.parts) {
    const id = `${agreement.id}.${part.terms.part}`;
    if (!counts(part)) {
      if (part.terms.atomic) {
        model.violate('decision.atomic-incomplete', hub, id, `part ${part.status}`);
      }
      continue;
    }
    const target = model.partAtTarget(part.terms);
    if (!target || target.document.payload !== part.document.payload) {
      model.violate('decision.without-vote', hub, id, 'nothing is frozen at the target hub');
    }
    if (part.document.signatures.length < 2) {
      model.violate('decision.without-signature', hub, id, 'not countersigned');
    }
  }
}

/** ALL_STARTED only after every part that counts started, container by container. */
function checkAllStarted(
  model: Model,
  containers: Containers,
  hub: string,
  agreement: AgreementRecord,
): void {
  for (const part of agreement.parts) {
    const id = `${agreement.id}.${part.terms.part}`;
    const isLeft = part.status === 'ended' || part.endCode !== null;
    if (!counts(part) || (isLeft && !part.terms.atomic)) continue;
    const target = model.partAtTarget(part.terms);
    if (!target?.started || !containers.allBegan(target)) {
      model.violate(
        'decision.all-started-too-early',
        hub,
        id,
        `part ${target?.state ?? 'unknown'}`,
      );
    }
  }
}

function checkPart(
  model: Model,
  containers: Containers,
  { hub }: Commit,
  before: PartRecord | undefined,
  after: PartRecord,
): void {
  const { id, terms } = after;
  const agreement = model.agreementAtFirst(terms);
  if (before?.activeAtMs == null && after.activeAtMs !== null) {
    const isDecided = agreement && agreement.state !== 'preparing' && agreement.state !== 'aborted';
    if (!isDecided) {
      model.violate('part.active-undecided', hub.id, id, `agreement ${agreement?.state}`);
    }
  }
  if (!before?.started && after.started && !containers.allBegan(after)) {
    model.violate('part.started-untrue', hub.id, id, 'a container never began');
  }
  if (before?.runningAtMs == null && after.runningAtMs !== null && agreement?.runningAtMs == null) {
    model.violate('part.running-undecided', hub.id, id, `agreement ${agreement?.state}`);
  }
}
