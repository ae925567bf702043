/** The hub's two NATS servers, and the transport over them. @patent [0032] */
import { join } from 'node:path';
import type { HubId, ParticipantId } from '@sparegrid/core/units/ids';
import type { Fail } from '@sparegrid/link/daemon/run-daemon';
import { Broker } from '@sparegrid/link/nats/broker';
import { natsTransport } from '@sparegrid/link/nats/nats-transport';
import type { Transport } from '@sparegrid/link/transport';
import type { HubSettings, NatsSettings } from './config.ts';

/** Certificate names that may enter by each door, the hub itself apart. */
export interface Users {
  mesh: readonly HubId[];
  local: readonly ParticipantId[];
}

export interface HubLinks {
  transport: Transport;
  /** Lets in whom it names from now on, and puts out all others at once. */
  setUsers(users: Users): void;
  /** Ends the servers: they outlive a hub that was killed, not one that was told to end. */
  close(): Promise<void>;
}

/**
 * The mesh server lets in the other hubs, the local one the participants, each under the name in its
 * certificate and to its own subjects only.
 *
 * @param fail  a server that died cannot be started again
 *
 * @throws LinkFault LINK_NATS_MISSING, LINK_NATS_FAILED
 */
export async function openBrokers(
  { config, sockets }: HubSettings,
  { directory, mesh, local }: NatsSettings,
  fail: Fail,
  users: Users,
): Promise<HubLinks> {
  const { id: owner } = config;
  const start = (door: 'mesh' | 'local') =>
    Broker.start({
      ...{ mesh, local }[door],
      directory: join(directory, door),
      name: `${owner}-${door}`,
      owner,
      users: users[door],
    });
  const starting = [start('mesh'), start('local')] as const;
  // Of two that fail, one is heard.
  await Promise.allSettled(starting);
  const [meshBroker, localBroker] = await Promise.all(starting);
  const brokers = { mesh: meshBroker, local: localBroker };
  const transportOver = (door: 'mesh' | 'local') => {
    const onUnreachable = () => void brokers[door].revive().catch(fail);
    return natsTransport({ node: owner, tls: { mesh, local }[door].tls, onUnreachable });
  };
  const over = { mesh: transportOver('mesh'), local: transportOver('local') };
  return {
    transport: {
      listen: (options) =>
        (options.path === sockets.local ? over.local : over.mesh).listen(options),
      connect: (options) => over.mesh.connect(options),
    },
    setUsers: (now) => {
      brokers.mesh.setUsers(now.mesh);
      brokers.local.setUsers(now.local);
    },
    close: async () => {
      await Promise.all(Object.values(brokers).map((broker) => broker.stop()));
    },
  };
}
