/** A lessor that is expelled while it runs other people's containers. */
import type { HubId } from '@sparegrid/core/units/ids';
import type { Context } from '../world/context.ts';
import type { SimHub } from './sim-hub.ts';

/** In half of the seeds with faults, where a hub has another lessor left for the last probe. */
export function expelLessor(context: Context, hubs: ReadonlyMap<HubId, SimHub>): void {
  const { scenario, plan, rng, queue, auditor } = context;
  const random = rng.fork('expulsion');
  if (plan.mode !== 'swarm' || !random.chance(500)) return;
  const lessors = scenario.participants.filter(({ lends }) => lends);
  const dispensable = lessors.filter(
    ({ hub, rents }) => !rents && lessors.some((other) => other.hub === hub && other.rents),
  );
  if (dispensable.length === 0 || lessors.length < 3) return;
  const { id, hub } = random.pick(dispensable);
  let isDone = false;
  const attempt = (): void => {
    if (isDone) return;
    auditor.admissions.leaving(id);
    hubs.get(hub)?.admission({ op: 'participant.expel', participant: id }, ({ ok }) => {
      isDone ||= ok;
      if (ok) auditor.admissions.expelled(hub, id);
    });
    queue.after(random.between(500, 3_000), attempt);
  };
  queue.at(random.between(Math.floor(plan.untilMs / 4), plan.untilMs - 20_000), attempt);
}
