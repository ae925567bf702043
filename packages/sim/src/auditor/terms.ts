/** Promise 3: an agreement keeps to the order: count, limit, budget, lessors, and the very terms. */
import type {
  AgreementPart,
  AgreementPartTerms,
  AgreementRecord,
} from '@sparegrid/core/agreement/records';
import type { OrderRecord } from '@sparegrid/core/order/order-record';
import type { AgreementId } from '@sparegrid/core/units/ids';
import type { Commit, HubMirror } from './mirror.ts';
import type { Model } from './model.ts';
import { bill, partPrice, replicaPrice } from './price.ts';
import { stableText } from './stored-text.ts';

const FINAL_ORDERS: ReadonlySet<string> = new Set(['completed', 'failed', 'expired', 'cancelled']);

/** Replicas that an agreement must at least have, set when it is proposed. */
export type LeastReplicas = Map<AgreementId, number>;

export function checkTerms(model: Model, least: LeastReplicas, commit: Commit): void {
  for (const { before, after } of commit.changes.agreement) {
    const order = commit.hub.records.order.get(after.order);
    if (!order) {
      // Known from its target hubs alone, until its lessee sends its text again.
      if (commit.hub.lost.order.has(after.order)) continue;
      model.violate(
        'agreement.without-order',
        commit.hub.id,
        after.id,
        'its order is not on record',
      );
      continue;
    }
    if (!before) {
      checkNew(model, commit, order, after);
      least.set(after.id, leastOf(commit.hub, order, after));
    }
    const isDecided = after.state !== 'preparing' && after.state !== 'aborted';
    if (isDecided && (before === undefined || before.state === 'preparing')) {
      checkCount(model, commit.hub, least.get(after.id) ?? 1, after);
      for (const part of after.parts) {
        const { terms } = part;
        if (isAgreed(part) && isTold(model, commit.hub, terms)) {
          checkPrice(model, commit.hub, order, terms);
        }
      }
    }
    checkTotals(model, commit.hub, order);
  }
}

function checkNew(
  model: Model,
  { hub, now }: Commit,
  order: OrderRecord,
  agreement: AgreementRecord,
): void {
  const wrong = (what: string, detail: string) =>
    model.violate(`terms.${what}`, hub.id, agreement.id, detail);
  if (
    now.elapsedMs > order.expiresAtElapsedMs &&
    agreement.createdAtMs > order.expiresAtElapsedMs
  ) {
    wrong('order-expired', `expired at ${order.expiresAtElapsedMs}`);
  }
  if (!order.agreements.includes(agreement.id)) wrong('not-listed', 'the order does not name it');
  let offset = 0;
  const total = agreement.parts.reduce((sum, part) => sum + replicasOf(part.terms), 0);
  for (const [number, { terms }] of agreement.parts.entries()) {
    const due = dueTerms(hub, order, agreement, terms, { number, offset, total });
    for (const [name, value] of Object.entries(due)) {
      const stated = terms[name as keyof AgreementPartTerms];
      if (stableText(stated) !== stableText(value)) {
        wrong('altered', `part ${number} ${name}: ${stableText(stated)}, due ${stableText(value)}`);
      }
    }
    if (
      /"(limitMicroPerReplicaHour|budgetMicro)"/.test(
        agreement.parts[number]?.document.payload ?? '',
      )
    ) {
      wrong('limit-told', 'the lessee’s limit or budget is in what the target hub reads');
    }
    if (!isTold(model, hub, terms)) checkPrice(model, hub, order, terms);
    offset += replicasOf(terms);
  }
}

/** Everything that the terms must repeat from order and agreement. */
function dueTerms(
  hub: HubMirror,
  { order, digest }: OrderRecord,
  agreement: AgreementRecord,
  terms: AgreementPartTerms,
  { number, offset, total }: { number: number; offset: number; total: number },
): Partial<AgreementPartTerms> {
  return {
    agreement: agreement.id,
    part: number,
    partCount: agreement.parts.length,
    orderDigest: digest,
    firstHub: hub.id,
    targetHub: terms.lessor.slice(terms.lessor.indexOf('.') + 1),
    lessee: order.lessee,
    kind: order.kind,
    replica: order.replica,
    replicaOffset: offset,
    replicaTotal: total,
    task: order.task,
    durationMs: order.durationMs,
    atomic: order.fill === 'atomic',
    disconnect: order.disconnect,
  };
}

function replicasOf({ placements }: AgreementPartTerms): number {
  return placements.reduce((sum, { replicas }) => sum + replicas, 0);
}

/** The price is that of the signed offer at the stated revision, and no replica is above the limit. */
/**
 * Proposed to a liar on what it told: only what it signs, with its core, must be true. A hub that lost
 * some of its past counts the terms of its lessors anew under the names that they bear.
 */
function isTold(model: Model, { id }: HubMirror, { targetHub }: AgreementPartTerms): boolean {
  return (
    (targetHub === model.liar && id !== model.liar) || model.hub(targetHub).lost.registry.size > 0
  );
}

function checkPrice(
  model: Model,
  hub: HubMirror,
  { order }: OrderRecord,
  terms: AgreementPartTerms,
): void {
  const id = `${terms.agreement}.${terms.part}`;
  const offer = model.offerAt(terms.lessor, terms.termsRevision);
  const due = offer && partPrice(offer, terms);
  if (!offer || due !== terms.priceMicroPerHour) {
    model.violate('terms.price', hub.id, id, `${terms.priceMicroPerHour}, due ${due}`);
    return;
  }
  for (const { lotId } of terms.placements) {
    const each = replicaPrice(offer, lotId, order.replica) ?? 0n;
    if (each > order.limitMicroPerReplicaHour) {
      const detail = `${each} an hour, limit ${order.limitMicroPerReplicaHour}`;
      model.violate('terms.above-limit', hub.id, id, detail);
    }
  }
}

function isAgreed({ status }: AgreementPart): boolean {
  return status !== 'refused' && status !== 'closed';
}

const TASK_FAILED: ReadonlySet<AgreementPart['outcome']> = new Set([
  'LEASE_TASK_FAILED',
  'LEASE_OUT_OF_MEMORY',
  'LEASE_OUT_OF_STORAGE',
]);

/** Parts that fill the order: asked for or running, completed, or failed by the task itself. */
function isFilling(part: AgreementPart): boolean {
  if (!isAgreed(part)) return false;
  const { status, outcome } = part;
  return status !== 'ended' || outcome === 'completed' || TASK_FAILED.has(outcome);
}

/** An older copy of the record: it had come to nothing before, as its target hub is about to tell. */
function isKnownOver({ lost }: HubMirror, { terms, status }: AgreementPart): boolean {
  const known = lost.agreement.get(terms.agreement)?.parts[terms.part];
  return status !== 'ended' && known !== undefined && !isFilling(known);
}

function isOver(agreement: AgreementRecord | undefined): boolean {
  return agreement?.state === 'ended' || agreement?.state === 'aborted';
}

function agreementsOf(hub: HubMirror, order: OrderRecord): AgreementRecord[] {
  return order.agreements
    .map((id) => hub.records.agreement.get(id))
    .filter((agreement) => agreement !== undefined && agreement.state !== 'aborted')
    .map((agreement) => agreement as AgreementRecord);
}

/** The smallest count for the first agreement; one more is enough for whatever tops it up. */
function leastOf(hub: HubMirror, order: OrderRecord, agreement: AgreementRecord): number {
  const others = agreementsOf(hub, order).filter(({ id }) => id !== agreement.id);
  return others.flatMap(({ parts }) => parts).some(isFilling) ? 1 : order.order.count.min;
}

function checkCount(
  model: Model,
  hub: HubMirror,
  least: number,
  { id, parts }: AgreementRecord,
): void {
  const replicas = parts.filter(isAgreed).reduce((sum, { terms }) => sum + replicasOf(terms), 0);
  if (replicas < least) {
    model.violate('terms.below-min', hub.id, id, `${replicas} of at least ${least}`);
  }
}

/** Over all agreements of the order: count, lessors and money stay within what the lessee said. */
function checkTotals(model: Model, hub: HubMirror, record: OrderRecord): void {
  const { order } = record;
  const agreements = agreementsOf(hub, record);
  const parts = agreements.flatMap(({ parts }) => parts);
  const filling = parts.filter((part) => isFilling(part) && !isKnownOver(hub, part));
  const replicas = filling.reduce((sum, { terms }) => sum + replicasOf(terms), 0);
  if (replicas > order.count.max) {
    model.violate(
      'terms.above-max',
      hub.id,
      record.id,
      `${replicas} of at most ${order.count.max}`,
    );
  }
  const lessors = new Set(filling.map(({ terms }) => terms.lessor));
  if (lessors.size > order.maxLessors) {
    model.violate(
      'terms.too-many-lessors',
      hub.id,
      record.id,
      `${lessors.size} > ${order.maxLessors}`,
    );
  }
  let most = 0n;
  for (const part of parts.filter((one) => isAgreed(one) && !isKnownOver(hub, one))) {
    const { priceMicroPerHour, durationMs } = part.terms;
    most +=
      part.settleMicro ??
      (part.status === 'ended' ? part.costMicro : bill(priceMicroPerHour, durationMs));
  }
  if (most > order.budgetMicro) {
    model.violate('terms.above-budget', hub.id, record.id, `up to ${most} of ${order.budgetMicro}`);
  }
  // What an older copy of the store takes for alive may have been over before.
  const live = agreements.filter(
    ({ id, state }) => state !== 'ended' && !isOver(hub.lost.agreement.get(id)),
  );
  if (order.fill === 'atomic' && live.length > 1) {
    model.violate('terms.atomic-twice', hub.id, record.id, `${live.length} live agreements`);
  }
  if (FINAL_ORDERS.has(record.state) && live.length > 0) {
    model.violate(
      'order.final-but-live',
      hub.id,
      record.id,
      `${record.state} with live agreements`,
    );
  }
}
