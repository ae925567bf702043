/** Sell orders: what a lessor offers now, lot by lot, at which asks. */
import type { ParticipantId } from '../units/ids.ts';
import type { Micro } from '../units/money.ts';
import type { DeviceModel, FlopsRate, Provision, ResourceAmounts } from '../units/resources.ts';

/** Unit prices of one lot, in micro-credits per hour of the stated unit. */
export interface Asks {
  cpuMicroPerCoreHour: Micro;
  memoryMicroPerGibHour: Micro;
  storageMicroPerGibHour: Micro;
  bandwidthMicroPerGbitHour: Micro;
  /** Per whole device; a share pays its fraction. */
  deviceMicroPerHour: Micro;
}

/** Performance of a lot. `score` is a benchmark figure, higher is better, comparable in a network. */
export interface PerformanceAttributes {
  score: number;
  flops: FlopsRate[];
}

/** A device of a lot with the share (thousandths) that is offered or, in panoramas, still free. */
export interface LotDevice extends DeviceModel {
  id: string;
  milli: number;
}

/** The idle slice of one machine. `id` is the machine's id in the lessor's {@link ResourceSpec}. */
export interface Lot {
  id: string;
  amounts: ResourceAmounts;
  devices: LotDevice[];
  asks: Asks;
  performance: PerformanceAttributes;
  /** Matched exactly, for example `region`. */
  labels: Record<string, string>;
}

/** Runnable-task description: what this lessor can run. */
export interface TaskCapabilities {
  kinds: ('job' | 'service')[];
  architectures: string[];
  /** Whether containers may reach the outside. */
  egress: boolean;
  /** Further capabilities that an order may ask for by name. */
  capabilities: string[];
}

/** Images that may run: those whose reference starts with one of `allow` (empty: any). */
export interface ImagePolicy {
  allow: string[];
}

/**
 * A lessor's offer. Selling stock never changes `termsRevision`; price or attributes do.
 *
 * @patent [0040] [0024] LSE-1
 */
export interface SellOrder {
  participant: ParticipantId;
  /** Rises with every sell order of this lessor. */
  revision: number;
  /** Rises when anything but quantities changes. */
  termsRevision: number;
  provision: Provision;
  /**
   * Effective share of the nominal computing power in thousandths: 1000 for a single machine; what
   * a distributed provision is estimated to deliver. Performance and bill are scaled by it.
   */
  efficiencyPermille: number;
  capabilities: TaskCapabilities;
  imagePolicy: ImagePolicy;
  validUntilMs: number;
  lots: Lot[];
}
