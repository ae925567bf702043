/** Where a hub listens, and who may come in by which door. */
import {
  type HubId,
  hubOf,
  isHubId,
  isParticipantId,
  type NodeId,
} from '@sparegrid/core/units/ids';

/** `mesh`: for the other hubs. `local`: for the participants of the hub's own subnet. */
export type Door = 'mesh' | 'local';

/** Paths of the two sockets of a hub. The directory shall hold nothing else: it gets mode 0700. */
export function hubSockets(directory: string, hub: HubId): Record<Door, string> {
  return { mesh: `${directory}/${hub}.mesh.sock`, local: `${directory}/${hub}.local.sock` };
}

/**
 * A participant reaches its own hub only, and no hub passes for a participant; core checks the same
 * by the signatures. @patent [0032]
 */
export function mayEnter(door: Door, hub: HubId, from: NodeId): boolean {
  if (door === 'mesh') return isHubId(from) && from !== hub;
  return isParticipantId(from) && hubOf(from) === hub;
}
