/** Settings of a participant's agent. */
import type { Timing } from '../agreement/timing.ts';
import type { PeerConfig } from '../hub/config.ts';
import type { KeyChain, TrustAnchor } from '../identity/statements.ts';
import type { Buckets } from '../order/buckets.ts';
import type { Organization } from '../order/resource-spec.ts';
import type { ParticipantId } from '../units/ids.ts';

export interface ParticipantConfig {
  id: ParticipantId;
  hub: PeerConfig;
  organization: Organization;
  collect: 'push' | 'pull';
  /** Lots are rounded down to multiples of these before anybody hears of them; else exact. */
  buckets?: Buckets;
  timing: Timing;
  /** With it the hub's keys are those of the operator's newest list, which the hub passes on. */
  network?: TrustAnchor;
  /** What its organisation says of its keys: shown to the hub at every hello. */
  keys?: KeyChain;
}
