/** Where everything of a devnet lies below its state directory. */
import { hash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HubId, NodeId, ParticipantId } from '@sparegrid/core/units/ids';
import { hubSockets } from '@sparegrid/link/addresses';
import { checkPathLength, SOCKET_PATH_BYTES_MAX } from '@sparegrid/link/socket-path';
import { HUBS, LESSORS } from './topology.ts';

export class Layout {
  readonly directory: string;

  /** @param directory  absolute */
  constructor(directory: string) {
    this.directory = directory;
  }

  key(node: NodeId): string {
    return join(this.directory, 'keys', `${node}.pem`);
  }

  /** What is for the node's eyes is sealed to this key. */
  sealKey(node: NodeId): string {
    return join(this.directory, 'keys', `${node}.seal.pem`);
  }

  /** Signs for an organisation; `operator`: for the whole network. */
  authorityKey(name: string): string {
    return join(this.directory, 'keys', `${name}.authority.pem`);
  }

  /** The network's word for the node's keys. */
  chain(node: NodeId): string {
    return join(this.directory, 'keys', `${node}.chain.json`);
  }

  config(node: NodeId): string {
    return join(this.directory, 'config', `${node}.json`);
  }

  store(node: NodeId): string {
    return join(this.directory, 'state', `${node}.sqlite`);
  }

  /** What the process says. */
  log(node: NodeId): string {
    return join(this.directory, 'log', `${node}.log`);
  }

  containers(lessor: ParticipantId): string {
    return join(this.directory, 'containers', lessor);
  }

  /** An agent's control door. */
  control(lessor: ParticipantId): string {
    return controlIn(this.socketDirectory, lessor);
  }

  sockets(hub: HubId): { mesh: string; local: string } {
    return hubSockets(this.socketDirectory, hub);
  }

  /** Below the state directory, or, where that path is too long for sockets, a folder of its own. */
  get socketDirectory(): string {
    const near = join(this.directory, 'run');
    if (Buffer.byteLength(longestSocketIn(near)) <= SOCKET_PATH_BYTES_MAX) return near;
    const name = hash('sha256', this.directory, 'hex').slice(0, 16);
    return join(tmpdir(), `sparegrid-${name}`);
  }

  /** @throws LinkFault LINK_SOCKET_PATH_LENGTH: the folder for temporary files is no way out either. */
  checkSockets(): void {
    checkPathLength(longestSocketIn(this.socketDirectory));
  }

  /** Of the hub's NATS servers, if it has any. */
  nats(hub: HubId): string {
    return join(this.directory, 'nats', hub);
  }

  /** Which port each of them has. */
  get ports(): string {
    return join(this.directory, 'nats', 'ports.json');
  }

  /** What runs, for `devnet status`. */
  get pids(): string {
    return join(this.directory, 'pids.json');
  }

  /** Held while a devnet of this directory runs. */
  get lock(): string {
    return join(this.directory, 'devnet');
  }
}

function longestSocketIn(folder: string): string {
  const doors = LESSORS.map(({ id }) => controlIn(folder, id));
  const all = [...doors, ...HUBS.flatMap((hub) => Object.values(hubSockets(folder, hub)))];
  return all.reduce((a, b) => (Buffer.byteLength(a) >= Buffer.byteLength(b) ? a : b));
}

function controlIn(folder: string, lessor: ParticipantId): string {
  return join(folder, `${lessor}.control`);
}
