/** Promises 3 and 4: bills are price times time that was truly run, whole or not at all. */
import type { AgreementRecord, PartRecord } from '@sparegrid/core/agreement/records';
import type { Containers } from './containers.ts';
import type { Commit, HubMirror } from './mirror.ts';
import type { Model } from './model.ts';
import { bill } from './price.ts';

/** A part that ran is billed at least this long. */
const LEAST_MS = 1_000;
/** How much longer than its containers ran a part may be billed: the way of a report. */
const REPORT_MS = 3_000;

export function checkBilling(model: Model, containers: Containers, commit: Commit): void {
  for (const { before, after } of commit.changes.part) {
    if (after.state === 'ended' && before?.state !== 'ended') {
      checkMeter(model, commit.hub.id, after);
      checkObserved(model, containers, commit.hub.id, after);
    }
    if (before?.settledMicro == null && after.settledMicro !== null) {
      checkSettled(model, commit.hub.id, after);
    }
  }
  for (const { before, after } of commit.changes.agreement) {
    checkReported(model, commit.hub.id, after);
    if (after.state === 'ended' && before?.state !== 'ended') {
      checkWhole(model, commit.hub, after);
    }
  }
}

function checkMeter(model: Model, hub: string, part: PartRecord): void {
  const { id, terms, runningAtMs, stoppedAtMs, endedAtMs, billedMs, costMicro, meter } = part;
  if (runningAtMs === null) {
    if (billedMs !== 0 || costMicro !== 0n || meter) {
      model.violate(
        'bill.never-ran',
        hub,
        id,
        `${billedMs} ms, ${costMicro} for a part that never ran`,
      );
    }
    return;
  }
  const ranMs = Math.min(stoppedAtMs ?? Number.POSITIVE_INFINITY, endedAtMs ?? 0) - runningAtMs;
  const dueMs = Math.min(Math.max(ranMs, LEAST_MS), terms.durationMs);
  if (billedMs !== dueMs) model.violate('bill.time', hub, id, `${billedMs} ms, due ${dueMs} ms`);
  const due = bill(terms.priceMicroPerHour, billedMs);
  if (costMicro !== due) model.violate('bill.cost', hub, id, `${costMicro}, due ${due}`);
  const figures = meter
    ? (JSON.parse(meter.payload) as { billedMs: number; costMicro: string })
    : null;
  if (figures?.billedMs !== billedMs || figures.costMicro !== String(costMicro)) {
    model.violate('bill.meter', hub, id, 'the signed meter says something else');
  }
}

/** Billed time lies within the time in which the containers ran, as the runtime saw it. */
function checkObserved(model: Model, containers: Containers, hub: string, part: PartRecord): void {
  const observedMs = containers.ranMs(part) + REPORT_MS;
  if (part.billedMs > Math.max(LEAST_MS, observedMs)) {
    const detail = `billed ${part.billedMs} ms, containers ran ${observedMs} ms`;
    model.violate('bill.above-observed', hub, part.id, detail);
  }
}

/** The first hub has on record what the target hub metered. */
function checkReported(model: Model, hub: string, agreement: AgreementRecord): void {
  for (const part of agreement.parts) {
    if (part.status !== 'ended') continue;
    const id = `${agreement.id}.${part.terms.part}`;
    const target = model.partAtTarget(part.terms);
    if (!target) {
      if (part.costMicro !== 0n) model.violate('bill.unmetered', hub, id, `${part.costMicro}`);
    } else if (target.costMicro !== part.costMicro || target.billedMs !== part.billedMs) {
      const detail = `first hub ${part.billedMs} ms ${part.costMicro}, target hub ${target.billedMs} ms ${target.costMicro}`;
      model.violate('bill.figures-differ', hub, id, detail);
    }
  }
}

/** Atomic: every part is billed as metered, or none is. Partial: each part by itself. */
function checkWhole(model: Model, hub: HubMirror, agreement: AgreementRecord): void {
  const agreed = agreement.parts.filter(({ status }) => status === 'ended');
  const isAtomic = agreed.some(({ terms }) => terms.atomic);
  const ranWhole = agreed.every(({ billedMs }) => billedMs > 0);
  for (const { terms, settleMicro, costMicro } of agreed) {
    const due = isAtomic && !ranWhole ? 0n : costMicro;
    // A bill that was made when all parts were known stands, whatever was lost of them since.
    const stood = hub.lost.agreement.get(agreement.id)?.parts[terms.part]?.settleMicro ?? null;
    if (settleMicro !== due && (stood === null || settleMicro !== stood)) {
      const detail = `settles ${settleMicro}, due ${due}`;
      model.violate('bill.not-whole', hub.id, `${agreement.id}.${terms.part}`, detail);
    }
  }
}

function checkSettled(model: Model, hub: string, part: PartRecord): void {
  const isBuried = model.hub(part.terms.firstHub).records.tombstone.has(`first ${part.id}`);
  const agreement = isBuried ? undefined : model.agreementAtFirst(part.terms);
  const decided = agreement ? (agreement.parts[part.terms.part]?.settleMicro ?? null) : 0n;
  if (decided !== part.settledMicro) {
    const detail = `target hub ${part.settledMicro}, first hub ${decided}`;
    model.violate('settle.differs', hub, part.id, detail);
  }
}
