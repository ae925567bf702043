/** Hubs that come back on an older copy of their store, while the market goes on. */
import type { HubId } from '@sparegrid/core/units/ids';
import type { Backup, SimHub } from '../nodes/sim-hub.ts';
import type { Context } from './context.ts';

/** Old enough that every peer has heard of something later; see {@link isProvable}. */
const AGE_MIN_MS = 6_000;
const AGE_MAX_MS = 45_000;
const FIRST_COPY_MS = 7_000;
const RETRY_MS = 500;

export function restoreHubs(context: Context, hubs: ReadonlyMap<HubId, SimHub>): void {
  const { queue, plan, scenario } = context;
  const rng = context.rng.fork('restores');
  for (let made = 0; made < plan.restores; made += 1) {
    const hub = hubs.get(rng.pick(scenario.hubs)) as SimHub;
    const ageMs = rng.between(AGE_MIN_MS, AGE_MAX_MS);
    const copyAtMs = rng.between(FIRST_COPY_MS, plan.untilMs - ageMs);
    queue.at(copyAtMs, () => {
      const backup = {
        rows: hub.store.copy(),
        memory: context.auditor.rememberHub(hub.id),
        restores: hub.restores,
      };
      queue.at(copyAtMs + ageMs, () => putBack(context, hubs, hub, backup));
    });
  }
}

/**
 * A copy that no peer can prove to be old goes unnoticed, and two copies at a time may both lack
 * what only these two hubs had: both are limits that the documents state.
 */
function putBack(
  context: Context,
  hubs: ReadonlyMap<HubId, SimHub>,
  hub: SimHub,
  backup: Backup,
): void {
  const { queue, plan, auditor } = context;
  // A copy from before another restore: what only that life did would come back from the dead.
  if (queue.nowMs >= plan.untilMs || backup.restores !== hub.restores) return;
  const isQuiet = [...hubs.keys()].every((id) => !auditor.restores.isBehind(id));
  const isReady = hub.isUp() && !hub.isCommitting() && isQuiet;
  const others = [...hubs.values()].filter(({ id }) => id !== hub.id);
  if (isReady && others.every((peer) => isProvable(hub.id, backup, peer))) hub.restore(backup);
  else queue.after(RETRY_MS, () => putBack(context, hubs, hub, backup));
}

/** That peer has a word of the hub on more transactions than the copy has seen. */
function isProvable(hub: HubId, { rows }: Backup, peer: SimHub): boolean {
  const mark = peer.store.get('mark', hub);
  const count = rows.get('meta\ncommits')?.text;
  if (!mark || !count) return false;
  const { last } = JSON.parse(mark) as { last: { payload: string } };
  const heard = JSON.parse(last.payload) as { commits: number };
  return heard.commits > (JSON.parse(count) as { commits: number }).commits;
}
