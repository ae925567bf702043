/** Where replicas go: lot by lot, with the device shares of each replica. */
import type { DeviceShare } from '../units/resources.ts';

/** `devices[r]` are the shares of replica r of this placement (empty arrays without devices). */
export interface Placement {
  lotId: string;
  replicas: number;
  devices: DeviceShare[][];
}

export function replicasOf(placements: readonly Placement[]): number {
  return placements.reduce((sum, placement) => sum + placement.replicas, 0);
}
