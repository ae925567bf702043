/** The devnet: which hubs, which participants, what they offer at which price. */
import type { Organization } from '@sparegrid/core/order/resource-spec';
import type { HubId, ParticipantId } from '@sparegrid/core/units/ids';

export const HUBS: readonly HubId[] = ['h1', 'h2', 'h3'];

/** Who orders: the commands of the command line act as this participant. */
export const LESSEE: ParticipantId = 'alice.h1';

export interface PlannedLessor {
  id: ParticipantId;
  organization: Organization;
  /** Credits per core and hour: the cheapest two belong to different hubs. */
  cpuPerCoreHour: string;
}

/** What each lessor offers of this machine: small slices, so that big orders need several. */
export const SLICE = { cpu: '1', memory: '512Mi', storage: '1Gi' } as const;

function company(id: string, name: string): Organization {
  return { id: `devnet-${id}`, name, kind: 'company' };
}

export const LESSEE_ORGANIZATION: Organization = {
  id: 'devnet-alice',
  name: 'Alice Institute',
  kind: 'institution',
};

export const LESSORS: readonly PlannedLessor[] = [
  { id: 'barn.h1', organization: company('barn', 'Barn Computing'), cpuPerCoreHour: '0.05' },
  { id: 'mill.h2', organization: company('mill', 'Old Mill'), cpuPerCoreHour: '0.02' },
  { id: 'kiln.h2', organization: company('kiln', 'Kiln Works'), cpuPerCoreHour: '0.035' },
  { id: 'dock.h3', organization: company('dock', 'Dock Nine'), cpuPerCoreHour: '0.025' },
  { id: 'loft.h3', organization: company('loft', 'Loft Studio'), cpuPerCoreHour: '0.04' },
];
