/** Settings of a participant's agent. */
import type { Timing } from '../agreement/timing.ts';
import type { PeerConfig } from '../hub/config.ts';
import type { Organization } from '../order/resource-spec.ts';
import type { ParticipantId } from '../units/ids.ts';

export interface ParticipantConfig {
  id: ParticipantId;
  hub: PeerConfig;
  organization: Organization;
  collect: 'push' | 'pull';
  timing: Timing;
}
