/** What agents report of their containers, put together from full reports and changes. */
import type { ContainerStatus, ParticipantMessage } from '../messages.ts';
import { type ContainerId, type PartId, partOfContainer } from '../units/ids.ts';

export type Status = Extract<ParticipantMessage, { type: 'status' }>;

/** A container as its agent told of it last. */
export interface ReportedStatus extends ContainerStatus {
  /** Elapsed time at which that was. */
  reportedAtMs: number;
}

export type Reported = Map<ContainerId, ReportedStatus>;

/**
 * Takes a report over; whoever calls has made sure that it builds on what is here.
 *
 * @returns parts of which a container is otherwise than before, or gone, or new.
 */
export function takeReport(known: Reported, report: Status, reportedAtMs: number): Set<PartId> {
  const changed = new Set<PartId>();
  const named = new Set(report.containers.map(({ id }) => id));
  const gone =
    report.since === null ? [...known.keys()].filter((id) => !named.has(id)) : report.gone;
  for (const id of gone) if (known.delete(id)) changed.add(partOfContainer(id));
  for (const status of report.containers) {
    const before = known.get(status.id);
    const isSame =
      before?.state === status.state &&
      before.attempt === status.attempt &&
      before.started === status.started;
    if (!isSame) changed.add(partOfContainer(status.id));
    known.set(status.id, { ...status, reportedAtMs });
  }
  return changed;
}
