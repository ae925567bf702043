/** What the reported state of containers means for the part that they belong to. */
import type { PartRecord } from '../agreement/records.ts';
import type { RefusalCode } from '../refusals.ts';
import { containerIdOf } from '../units/ids.ts';
import { containersOf } from './desired-sets.ts';
import type { Reported, ReportedStatus } from './reported.ts';
import { restartOf } from './restarts.ts';

/** A report about an earlier attempt says nothing of the present one. */
export function statusesOf(part: PartRecord, reported: Reported): (ReportedStatus | undefined)[] {
  const statuses: (ReportedStatus | undefined)[] = [];
  for (const { devices } of part.terms.placements) {
    for (let replica = 0; replica < devices.length; replica += 1) {
      const number = statuses.length;
      const status = reported.get(containerIdOf(part.id, number));
      const attempt = restartOf(part, number)?.attempt ?? 0;
      statuses.push(status?.attempt === attempt ? status : undefined);
    }
  }
  return statuses;
}

/** Of whichever attempt was reported last. */
export function lastStatusesOf(
  part: PartRecord,
  reported: Reported,
): (ReportedStatus | undefined)[] {
  return containersOf(part).map(({ id }) => reported.get(id));
}

interface OfReplica {
  status: ReportedStatus;
  replica: number;
}

export function isBroken(part: PartRecord) {
  return (one: { status: ReportedStatus | undefined; replica: number }): one is OfReplica =>
    one.status !== undefined && failureOf(one.status, part) !== undefined;
}

export function isUp(status: ReportedStatus | undefined): boolean {
  return status !== undefined && status.state !== 'exited';
}

/** Why this container ends its part, undefined while it does not. */
export function failureOf(
  status: ReportedStatus,
  part: PartRecord,
): RefusalCode | 'completed' | undefined {
  if (status.state !== 'exited') return undefined;
  switch (status.reason) {
    case 'start-failed':
      return 'LEASE_START_FAILED';
    case 'key-invalid':
      return 'LEASE_KEY_INVALID';
    case 'grace':
      return 'LEASE_START_GRACE';
    case 'disconnect':
      return 'LEASE_LESSOR_LOST';
    case 'out-of-memory':
      return 'LEASE_OUT_OF_MEMORY';
    case 'out-of-storage':
      return 'LEASE_OUT_OF_STORAGE';
    case 'duration':
      return part.terms.kind === 'service' ? 'completed' : 'LEASE_DURATION_OVER';
    default:
      return status.exitCode === 0 ? undefined : 'LEASE_TASK_FAILED';
  }
}
