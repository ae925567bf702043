/** Who is in the devnet: three hubs, their lessors with small slices of this machine, one lessee. */
import type { Organization } from '@sparegrid/core/order/resource-spec';
import { type HubId, hubOf, type ParticipantId } from '@sparegrid/core/units/ids';

export const HUBS: readonly HubId[] = ['h1', 'h2', 'h3'];
export const LESSEE: ParticipantId = 'lessee.h1';

export interface Lessor {
  id: ParticipantId;
  organization: Organization;
  /** Both ways of collecting resources are in use. */
  collect: 'push' | 'pull';
  cpuPerCoreHour: string;
  memoryPerGibHour: string;
}

/** Each offers this much of the machine: room for two replicas of the demonstration's order. */
export const SLICE = { cpu: '1', memory: '512Mi', storage: '1Gi' } as const;

/** The two cheapest belong to different hubs. */
export const LESSORS: readonly Lessor[] = [
  lessor('north.h1', 'North Polytechnic', 'push', '0.050', '0.006'),
  lessor('mill.h2', 'Mill Street Studio', 'push', '0.030', '0.004'),
  lessor('quay.h2', 'Quay Logistics', 'pull', '0.048', '0.006'),
  lessor('moor.h3', 'Moor Observatory', 'pull', '0.032', '0.004'),
  lessor('fen.h3', 'Fen Genomics', 'push', '0.046', '0.006'),
];

export const LESSEE_ORGANIZATION: Organization = {
  id: 'devnet-lessee',
  name: 'Devnet Lessee',
  kind: 'company',
};

export function lessorsOf(hub: HubId): Lessor[] {
  return LESSORS.filter(({ id }) => hubOf(id) === hub);
}

function lessor(
  id: ParticipantId,
  name: string,
  collect: Lessor['collect'],
  cpuPerCoreHour: string,
  memoryPerGibHour: string,
): Lessor {
  const organization: Organization = { id: `devnet-${id}`, name, kind: 'institution' };
  return { id, organization, collect, cpuPerCoreHour, memoryPerGibHour };
}
