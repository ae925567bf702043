/** Promise 7, 4 and 5: after the faults everything ends, agrees, and is free again. */
import type { HubCore } from '@sparegrid/core/hub/hub-core';
import type { HubId, ParticipantId } from '@sparegrid/core/units/ids';
import type { Containers } from './containers.ts';
import { undeleted } from './deletions.ts';
import type { HubMirror } from './mirror.ts';
import { holdsQuantity, type Model } from './model.ts';
import { seenOffer, stepped } from './names.ts';
import { stableText } from './stored-text.ts';

const FINAL: ReadonlySet<string> = new Set(['completed', 'failed', 'expired', 'cancelled']);

/** What still is not as it must be in the end: name, node, id, detail. */
export type Unsettled = readonly [name: string, node: string, id: string, detail: string];

export function* unsettled(
  model: Model,
  cores: ReadonlyMap<HubId, HubCore | null>,
  containers: Containers,
  isExpelled: (participant: ParticipantId) => boolean,
): Generator<Unsettled> {
  for (const hub of model.hubs.values()) {
    yield* openOrders(hub);
    yield* openAgreements(hub);
    yield* openParts(model, hub);
    yield* unequalPanoramas(hub, cores);
    const core = cores.get(hub.id);
    if (core) yield* lockedStock(model, hub, core, isExpelled);
  }
  yield* masters(cores);
  yield* undeleted(model);
  if (containers.liveCount > 0) {
    yield ['end.containers', 'all', 'containers', `${containers.liveCount} still exist`];
  }
}

/** Whoever has its rows passed on by a master has the same one; a majority is needed to elect one. */
function* masters(cores: ReadonlyMap<HubId, HubCore | null>): Generator<Unsettled> {
  const electing = [...cores].flatMap(([hub, core]) => {
    const status = core?.panoramaStatus;
    return status?.mode === 'master' ? [{ hub, ...status }] : [];
  });
  if (2 * electing.length <= cores.size) return;
  const [first] = electing;
  for (const { hub, master, term } of electing) {
    if (master === null) yield ['end.no-master', hub, 'master', `term ${term}`];
    else if (master !== first?.master || term !== first.term) {
      const detail = `${master} in term ${term}, at ${first?.hub} ${first?.master}`;
      yield ['end.masters-differ', hub, 'master', detail];
    }
  }
}

function* openOrders(hub: HubMirror): Generator<Unsettled> {
  for (const { id, state } of hub.records.order.values()) {
    if (!FINAL.has(state)) yield ['end.order-open', hub.id, id, state];
  }
}

function* openAgreements(hub: HubMirror): Generator<Unsettled> {
  for (const { id, state, parts } of hub.records.agreement.values()) {
    if (state !== 'ended' && state !== 'aborted') yield ['end.agreement-open', hub.id, id, state];
    for (const { status, settled, terms } of parts) {
      const isClosed = status === 'closed' || (status === 'ended' && settled);
      if (state === 'ended' && !isClosed && status !== 'refused') {
        yield ['end.agreement-unsettled', hub.id, `${id}.${terms.part}`, status];
      }
    }
  }
}

function* openParts(model: Model, hub: HubMirror): Generator<Unsettled> {
  for (const part of hub.records.part.values()) {
    const { id, state, terms, activeAtMs, settledMicro } = part;
    if (holdsQuantity(part)) yield ['end.part-open', hub.id, id, state];
    else if (activeAtMs !== null) {
      const agreement = model.hub(terms.firstHub).records.agreement.get(terms.agreement);
      const decided = agreement?.parts[terms.part]?.settleMicro ?? null;
      if (settledMicro === null || settledMicro !== decided) {
        const detail = `target hub ${settledMicro}, first hub ${decided}`;
        yield ['end.part-unsettled', hub.id, id, detail];
      }
    }
  }
}

/** Every hub holds of this one exactly what it holds of itself. */
function* unequalPanoramas(
  owner: HubMirror,
  cores: ReadonlyMap<HubId, HubCore | null>,
): Generator<Unsettled> {
  const own = cores.get(owner.id)?.panorama.parts.get(owner.id);
  if (!own) {
    yield ['end.hub-down', owner.id, owner.id, 'not up'];
    return;
  }
  const due = stableText([own.epoch, own.revision, own.rows().map(stableText).sort()]);
  for (const [holder, core] of cores) {
    const part = core?.panorama.parts.get(owner.id);
    if (!part || holder === owner.id) continue;
    const held = stableText([part.epoch, part.revision, part.rows().map(stableText).sort()]);
    if (part.stale) yield ['end.panorama-stale', holder, owner.id, 'marked stale'];
    if (held !== due) {
      const detail = `has ${part.epoch}/${part.revision}, owner ${own.epoch}/${own.revision}`;
      yield ['end.panorama-differs', holder, owner.id, detail];
    }
  }
}

/** Everything offered is free and published: nothing leaked. */
function* lockedStock(
  model: Model,
  hub: HubMirror,
  core: HubCore,
  isExpelled: (participant: ParticipantId) => boolean,
): Generator<Unsettled> {
  for (const { id, hub: home } of model.scenario.participants) {
    const registry = home === hub.id ? hub.records.registry.get(id) : undefined;
    if (!registry?.offer) continue;
    if (isExpelled(id)) {
      const { leases, resources } = core.panorama.own;
      const name = registry.veil?.name ?? id;
      const shown = leases.get(name)?.offer ?? resources.get(name)?.spec;
      if (shown) yield ['end.expelled-published', hub.id, id, 'still in the panorama'];
      continue;
    }
    const { offer, veil } = registry;
    const free = { ...offer, lots: offer.lots.map((lot) => stepped(lot, model.scenario.privacy)) };
    const due = veil ? seenOffer(veil, free) : free;
    const row = core.panorama.own.leases.get(due.participant);
    // An offer that differs in its count only is not published again.
    const seen = row?.offer && { ...row.offer, revision: due.revision };
    if (stableText(seen ?? null) !== stableText(due)) {
      yield ['end.stock-not-free', hub.id, id, row?.offer ? 'less than offered' : 'not published'];
    }
  }
}
