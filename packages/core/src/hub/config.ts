/** Settings of a hub: who belongs to the network, and the bounds of its protocol. */

import type { Timing } from '../agreement/timing.ts';
import type { TrustAnchor } from '../identity/statements.ts';
import { type Buckets, DEFAULT_BUCKETS } from '../order/buckets.ts';
import type { Organization } from '../order/resource-spec.ts';
import type { RoundSettings } from '../rounds/settings.ts';
import type { HubId, ParticipantId } from '../units/ids.ts';

/** A hub of the network, as the operator lists it. */
export interface PeerConfig {
  id: HubId;
  publicKey: string;
}

/** A participant of this hub's subnet: listed in the configuration, or admitted at run time. */
export interface AdmittedParticipant {
  id: ParticipantId;
  publicKey: string;
  organization: Organization;
  /** Push: it reports by itself. Pull: it keeps a local table and the hub collects it. */
  collect: 'push' | 'pull';
  /** False for participants that only rent: the subnet is complete without their resources. */
  lends: boolean;
  /** It may see the panoramas as the hub does; others are not told hardware and quantities. */
  operator?: boolean;
}

/** Stated maxima: every table and loop has one. */
export interface Limits {
  openOrdersPerParticipant: number;
  replicasPerOrder: number;
  partsPerAgreement: number;
  durationMsMax: number;
  expiryMsMax: number;
  lotsPerOffer: number;
  relayBytes: number;
  logChunksPerContainer: number;
  /** Bytes of one container's result, as a tar archive. */
  resultBytes: number;
  /** How long results are kept that nobody drops. */
  resultKeepMs: number;
  /** How long ended orders, parts and tombstones stay in the store once they left memory. */
  recordKeepMs: number;
  /** Length of a page, delta or snapshot chunk as text: far below the frame's limit of 1 MiB. */
  pageLength: number;
  attemptsPerOrder: number;
  /** Agreements of orders here that wait for votes: beyond it orders wait for their turn. */
  agreementsPreparing: number;
  /** Orders that wait for their turn: beyond it new ones are refused. */
  ordersQueued: number;
}

export const DEFAULT_LIMITS: Limits = {
  openOrdersPerParticipant: 10_000,
  replicasPerOrder: 10_000,
  partsPerAgreement: 64,
  durationMsMax: 31 * 24 * 3_600_000,
  expiryMsMax: 31 * 24 * 3_600_000,
  lotsPerOffer: 1_024,
  relayBytes: 65_536,
  logChunksPerContainer: 4_096,
  resultBytes: 67_108_864,
  resultKeepMs: 7 * 24 * 3_600_000,
  recordKeepMs: 365 * 24 * 3_600_000,
  pageLength: 262_144,
  attemptsPerOrder: 1_000,
  agreementsPreparing: 256,
  ordersQueued: 10_000,
};

/** How little other hubs and other participants learn of this hub's own. @patent [0077] SEC-2 */
export interface PrivacySettings {
  /** How long a participant bears one pseudonym, unless leases keep it longer. */
  pseudonymPeriodMs: number;
  /** Free quantities are published in whole multiples of these. */
  buckets: Buckets;
}

/** A day: long enough to deal with somebody, short enough not to follow them. */
export const DEFAULT_PRIVACY: PrivacySettings = {
  pseudonymPeriodMs: 24 * 3_600_000,
  buckets: DEFAULT_BUCKETS,
};

/** One hub and its subnet; every other hub is a peer, in full mesh. @patent [0032] C1.1 */
export interface HubConfig {
  id: HubId;
  /** Every hub of the network, this one included: it may be both sides of one agreement. */
  peers: PeerConfig[];
  participants: AdmittedParticipant[];
  /** Whose word counts about organisations and hubs; without it nobody is admitted at run time. */
  network?: TrustAnchor;
  timing: Timing;
  limits: Limits;
  /**
   * How rows reach the other hubs: from each hub to each (default), or over an elected master hub.
   * A hub understands both, whatever its own way. @patent [0037] [0041] PAN-6 PAN-7 LSE-3 LSE-4
   */
  panorama?: 'mesh' | 'master';
  /** Peers whose word a recovering hub does not wait for: they are gone for good. */
  waivedPeers?: HubId[];
  /** Orders that wait together are solved jointly; without it, all are matched one by one. */
  rounds?: RoundSettings;
  /** Without it everybody appears under the own name, with exact quantities. */
  privacy?: PrivacySettings;
}
