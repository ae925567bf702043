/** Promise 2: a record is deleted when its time has come, not before, and never while anything needs it. */
import type { AgreementId } from '@sparegrid/core/units/ids';
import type { Commit, HubMirror } from './mirror.ts';
import type { Model } from './model.ts';

/** Between two sweeps over the store: at rest nothing older is left. */
const LATE_MS = 3_000;

export function checkDeletions(model: Model, { hub, now, deleted, written }: Commit): void {
  if (deleted.length === 0) return;
  if (!written.some(({ table }) => table === 'deletion')) {
    model.violate('record.deleted-unnoted', hub.id, deleted[0] ?? '', 'no note of it');
  }
  for (const name of deleted) {
    const leftAtMs = hub.leftAtMs.get(name);
    const keptMs = leftAtMs === undefined ? -1 : now.elapsedMs - leftAtMs;
    if (keptMs < model.scenario.limits.recordKeepMs) {
      model.violate('record.deleted', hub.id, name, `${keptMs} ms after it left memory`);
    }
    const needed = whyNeeded(model, hub, name);
    if (needed) model.violate('record.deleted-in-use', hub.id, name, needed);
  }
}

/** What is still open of it, at whichever hub. */
function whyNeeded(model: Model, hub: HubMirror, name: string): string | null {
  const [table, id = ''] = name.split(' ');
  if (table === 'order') {
    const order = hub.records.order.get(id);
    for (const agreement of order?.agreements ?? []) {
      const open = openPartOf(model, agreement);
      if (open) return open;
    }
  }
  if (table === 'part') {
    const part = hub.records.part.get(id);
    if (part && part.state !== 'ended') return `the part is ${part.state}`;
    if (part && part.activeAtMs !== null && part.settledMicro === null) return 'never settled';
  }
  return null;
}

function openPartOf(model: Model, agreement: AgreementId): string | null {
  for (const { records } of model.hubs.values()) {
    for (const { id, state, terms } of records.part.values()) {
      if (terms.agreement === agreement && state !== 'ended') return `${id} is ${state}`;
    }
  }
  return null;
}

/** What should have been deleted long ago: name, node, id, detail. */
export function* undeleted(model: Model): Generator<readonly [string, string, string, string]> {
  const { recordKeepMs } = model.scenario.limits;
  for (const { id: hub, ended, now } of model.hubs.values()) {
    for (const [id, atMs] of ended) {
      const keptMs = now.elapsedMs - atMs;
      if (keptMs > recordKeepMs + LATE_MS) yield ['end.not-deleted', hub, id, `${keptMs} ms`];
    }
  }
}
