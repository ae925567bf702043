/** Promise 2: what is on record only goes forward; what is final or signed never changes. */
import type { AgreementRecord, PartRecord } from '@sparegrid/core/agreement/records';
import type { OrderRecord } from '@sparegrid/core/order/order-record';
import type { Change, Commit } from './mirror.ts';
import type { Model } from './model.ts';
import { stableText } from './stored-text.ts';

const PART_NEXT: Record<PartRecord['state'], readonly PartRecord['state'][]> = {
  held: ['active', 'running', 'stopping', 'ended'],
  active: ['running', 'stopping', 'ended'],
  running: ['stopping', 'ended'],
  stopping: ['ended'],
  ended: [],
};
const AGREEMENT_NEXT: Record<AgreementRecord['state'], readonly AgreementRecord['state'][]> = {
  preparing: ['aborted', 'committed', 'running', 'ending', 'ended'],
  aborted: [],
  committed: ['running', 'ending', 'ended'],
  running: ['ending', 'ended'],
  ending: ['ended'],
  ended: [],
};
const STATUS_RANK = { asked: 0, yes: 1, started: 2, running: 3, ended: 4, refused: 5, closed: 5 };
const FINAL_ORDERS: ReadonlySet<string> = new Set(['completed', 'failed', 'expired', 'cancelled']);

export function checkStages(model: Model, commit: Commit): void {
  for (const change of commit.changes.part) {
    checkPart(model, commit.hub.id, change);
    checkTimes(model, commit, change);
  }
  for (const change of commit.changes.agreement) checkAgreement(model, commit.hub.id, change);
  for (const change of commit.changes.order) checkOrder(model, commit.hub.id, change);
}

/** Reports every member of `names` that was set and is different now. */
function checkKept<T extends object>(
  model: Model,
  name: string,
  hub: string,
  key: string,
  before: T,
  after: T,
  names: readonly (keyof T & string)[],
): void {
  for (const member of names) {
    const was = before[member];
    if (was === null || was === false || was === undefined) continue;
    if (stableText(was) !== stableText(after[member])) {
      const detail = `${member}: was ${stableText(was)}, is ${stableText(after[member])}`;
      model.violate(name, hub, key, detail.slice(0, 400));
    }
  }
}

const PART_TIMES = ['heldAtMs', 'activeAtMs', 'runningAtMs', 'endedAtMs'] as const;

/** A time is written down when it happens, by the clock of that step. */
function checkTimes(
  model: Model,
  commit: Commit,
  { key, before, after }: Change<PartRecord>,
): void {
  const nowMs = commit.now.elapsedMs;
  for (const name of PART_TIMES) {
    const at = after[name];
    if (at !== null && before?.[name] !== at && at !== nowMs) {
      model.violate('part.wrong-time', commit.hub.id, key, `${name} ${at}, it is ${nowMs}`);
    }
  }
}

function checkPart(model: Model, hub: string, { key, before, after }: Change<PartRecord>): void {
  if (!before) return;
  if (before.state !== after.state && !PART_NEXT[before.state].includes(after.state)) {
    model.violate('part.state-back', hub, key, `${before.state} -> ${after.state}`);
  }
  checkKept(model, 'part.record-changed', hub, key, before, after, [
    'terms',
    'heldAtMs',
    'activeAtMs',
    'runningAtMs',
    'endedAtMs',
    'started',
    'endAcknowledged',
    'settledMicro',
    'meter',
  ]);
  if (before.document.payload !== after.document.payload) {
    model.violate('part.document-changed', hub, key, 'the signed terms are others now');
  }
  if (before.state === 'ended') {
    const ended = ['outcome', 'billedMs', 'costMicro'] as const;
    checkKept(model, 'part.figures-changed', hub, key, before, after, ended);
  }
}

function checkAgreement(
  model: Model,
  hub: string,
  { key, before, after }: Change<AgreementRecord>,
): void {
  if (!before) return;
  if (before.state !== after.state && !AGREEMENT_NEXT[before.state].includes(after.state)) {
    model.violate('agreement.state-back', hub, key, `${before.state} -> ${after.state}`);
  }
  const once = ['order', 'createdAtMs', 'decidedAtMs', 'runningAtMs', 'endedAtMs'] as const;
  checkKept(model, 'agreement.record-changed', hub, key, before, after, once);
  if (before.parts.length !== after.parts.length) {
    model.violate('agreement.parts-changed', hub, key, 'other number of parts');
  }
  for (const [number, part] of after.parts.entries()) {
    const was = before.parts[number];
    if (!was) continue;
    const id = `${key}.${number}`;
    const decided = before.state !== 'preparing' && before.state !== 'aborted';
    if (decided && STATUS_RANK[part.status] < STATUS_RANK[was.status]) {
      model.violate('agreement.part-status-back', hub, id, `${was.status} -> ${part.status}`);
    }
    checkKept(model, 'agreement.part-changed', hub, id, was, part, [
      'terms',
      'endCode',
      'settleMicro',
      'settled',
      'meter',
    ]);
    if (was.status === 'ended') {
      const figures = ['outcome', 'billedMs', 'costMicro'] as const;
      checkKept(model, 'agreement.figures-changed', hub, id, was, part, figures);
    }
  }
}

function checkOrder(model: Model, hub: string, { key, before, after }: Change<OrderRecord>): void {
  if (!before) return;
  if (FINAL_ORDERS.has(before.state) && before.state !== after.state) {
    model.violate('order.final-changed', hub, key, `${before.state} -> ${after.state}`);
  }
  if (after.attempts < before.attempts) {
    model.violate('order.attempts-back', hub, key, `${before.attempts} -> ${after.attempts}`);
  }
  checkKept(model, 'order.record-changed', hub, key, before, after, [
    'order',
    'digest',
    'acceptedSeq',
    'expiresAtElapsedMs',
    'cancelled',
  ]);
  if (before.agreements.some((id, at) => after.agreements[at] !== id)) {
    model.violate('order.agreements-changed', hub, key, 'an agreement left the order');
  }
}
