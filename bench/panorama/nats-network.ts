/** Any number of hub processes with their NATS servers, a lessee at each and one lessor at the first. */
import type { KeyObject } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Organization } from '@sparegrid/core/order/resource-spec';
import { TestAuthority } from '@sparegrid/link/identity/certificates-for-tests';
import { generateKey, publicKeyOf, saveKey } from '@sparegrid/link/keys';
import { endBroker } from '@sparegrid/link/nats/broker';
import { freePorts } from '@sparegrid/link/nats/free-ports';
import { natsTransport, type TlsFiles } from '@sparegrid/link/nats/nats-transport';
import { Lessee } from '@sparegrid/sim/replay/lessee';
import { type RunningLessor, startLessor } from '@sparegrid/sim/replay/lessor';
import { type HubProcess, startHubProcess } from '../e2e/hub-process.ts';
import { offerOf, specOf } from '../e2e/machine.ts';
import { TIMING, untilKnown } from '../e2e/market.ts';
import { RowSteps } from './row-steps.ts';

const ROW_WATCH = new URL('./row-watch.ts', import.meta.url).href;
const HOST = '127.0.0.1';
const DOORS = ['mesh', 'local'];
const ORGANIZATION: Organization = { id: 'bench', name: 'Bench', kind: 'company' };

export interface NatsNetwork {
  lessor: RunningLessor;
  /** By hub, the first hub's first. */
  lessees: Lessee[];
  /** By hub, too: when each took in an offer or rows. */
  steps: RowSteps[];
  /** Of the hubs, the first hub's first. */
  pids: number[];
  /** Process ids of all their NATS servers. */
  servers: number[];
  /** The first hub's mesh server, and the certificate that may do all there. */
  server: { url: string; tls: TlsFiles };
  /** Rejects with its log when a hub ends by itself: whoever waits for it would wait for ever. */
  died: Promise<never>;
  stop(): Promise<void>;
}

/** @throws Error with the log of a hub that did not start, or ended by itself */
export async function openNatsNetwork(
  directory: string,
  count: number,
  cores: number,
  onEvent: (order: string, name: string) => void,
): Promise<NatsNetwork> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const hubs = Array.from({ length: count }, (_, at) => `h${at + 1}`);
  const ports = await freePorts(2 * count);
  const keys = new Map<string, KeyObject>();
  const keyOf = (node: string): KeyObject => {
    const key = keys.get(node) ?? generateKey();
    keys.set(node, key);
    return key;
  };
  const file = (name: string) => join(directory, name);
  const authority = await TestAuthority.open(directory);
  const tlsOf = (node: string) => authority.tlsOf(node, [HOST]);
  const url = (hub: string, door: 0 | 1) =>
    `nats://${HOST}:${ports[2 * hubs.indexOf(hub) + door] as number}`;
  const membersOf = (hub: string) => [`lessee.${hub}`, ...(hub === 'h1' ? ['p.h1'] : [])];

  const processes: HubProcess[] = [];
  const death = Promise.withResolvers<never>();
  const lessees: Lessee[] = [];
  let first: TlsFiles | null = null;
  let lessor: RunningLessor | null = null;
  const onFault = (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
    process.exit(1);
  };
  const linkOf = async (id: string, hub: string) => ({
    key: keyOf(id),
    transport: natsTransport({ node: id, tls: await tlsOf(id) }),
    hubDoor: url(hub, 1),
    onFault,
  });
  const known = (hub: string) => ({ id: hub, publicKey: publicKeyOf(keyOf(hub)) });
  const begin = async (): Promise<RunningLessor> => {
    for (const [at, hub] of hubs.entries()) {
      saveKey(file(`${hub}.key`), keyOf(hub));
      const tls = await tlsOf(hub);
      first ??= tls;
      const door = (number: 0 | 1) => ({ host: HOST, port: ports[2 * at + number], tls });
      const config = {
        id: hub,
        keyFile: file(`${hub}.key`),
        store: file(`${hub}.sqlite`),
        nats: { directory: file(`nats-${hub}`), mesh: door(0), local: door(1) },
        peers: hubs.map((id) => ({ id, publicKey: publicKeyOf(keyOf(id)), mesh: url(id, 0) })),
        participants: membersOf(hub).map((id) => ({
          id,
          publicKey: publicKeyOf(keyOf(id)),
          organization: ORGANIZATION,
          lends: id === 'p.h1',
        })),
        timing: TIMING,
      };
      const started = await startHubProcess(directory, config, [ROW_WATCH]);
      started.died.catch(death.reject);
      processes.push(started);
    }
    for (const hub of hubs) {
      const id = `lessee.${hub}`;
      const told = (order: string, event: { name: string }) => onEvent(order, event.name);
      const link = await linkOf(id, hub);
      lessees.push(new Lessee({ ...link, id, hub: known(hub), timing: TIMING, onEvent: told }));
    }
    lessor = await startLessor({
      ...(await linkOf('p.h1', 'h1')),
      config: {
        ...{ id: 'p.h1', hub: known('h1'), organization: ORGANIZATION },
        ...{ collect: 'push', timing: TIMING },
      },
      spec: specOf(ORGANIZATION, cores),
      offer: offerOf(Date.now(), cores),
    });
    for (const lessee of lessees) await untilKnown(lessee, 'h1', 1);
    return lessor;
  };
  const stop = async () => {
    for (const lessee of lessees) await lessee.stop();
    await lessor?.stop();
    // One that died has nothing to say any more, and leaves its servers behind.
    await Promise.allSettled(processes.map((hub) => hub.stop()));
    for (const hub of hubs) {
      for (const door of DOORS) await endBroker(file(`nats-${hub}/${door}`));
    }
  };
  try {
    return {
      lessor: await Promise.race([begin(), death.promise]),
      lessees,
      steps: processes.map((hub) => new RowSteps(hub.process)),
      pids: processes.map(({ pid }) => pid),
      servers: hubs.flatMap((hub) =>
        DOORS.map((door) => Number(readFileSync(file(`nats-${hub}/${door}/nats.pid`), 'utf8'))),
      ),
      server: { url: url('h1', 0), tls: first as unknown as TlsFiles },
      died: death.promise,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
