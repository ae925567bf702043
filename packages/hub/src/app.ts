/** Composition root of the hub: store, core, loop, doors and links, and how they are let go. */
import type { HubConfig } from '@sparegrid/core/hub/config';
import type { HubEffect } from '@sparegrid/core/hub/context';
import { HubCore, type HubInput } from '@sparegrid/core/hub/hub-core';
import type { SignedFrame } from '@sparegrid/core/messages';
import type { Refusal } from '@sparegrid/core/refusals';
import type { Send } from '@sparegrid/core/step';
import { isHubId } from '@sparegrid/core/units/ids';
import type { Connection } from '@sparegrid/link/connection';
import { ConfigFault } from '@sparegrid/link/daemon/config-fault';
import type { Logger } from '@sparegrid/link/daemon/logger';
import { readKey } from '@sparegrid/link/daemon/read-key';
import type { Daemon, Fail } from '@sparegrid/link/daemon/run-daemon';
import { documentReader } from '@sparegrid/link/documents';
import { Framer } from '@sparegrid/link/framer';
import { publicKeyOf } from '@sparegrid/link/keys';
import { NodeLoop } from '@sparegrid/link/loop/node-loop';
import { resumeNode } from '@sparegrid/link/loop/resume';
import { nodeCrypto } from '@sparegrid/link/node-crypto';
import { openStore } from '@sparegrid/link/store/open-store';
import type { Server, Transport } from '@sparegrid/link/transport';
import { answerColdRead } from './cold-reads.ts';
import type { HubSettings } from './config.ts';
import { type LinkCounters, noCounts } from './counters.ts';
import { DoorKeeper, keysOf } from './door.ts';
import { HubFault } from './fault.ts';
import { Router } from './router.ts';

export interface HubShell {
  transport: Transport;
  logger: Logger;
  /** Called at most once, when the hub cannot go on: the process must end. */
  fail: Fail;
}

export interface Hub extends Daemon {
  readonly counters: Readonly<LinkCounters>;
}

/**
 * Starts a hub; resolves once its epoch is durable and both doors are open.
 *
 * @throws ConfigFault CONFIG_KEY, StoreFault, LinkFault (sockets)
 */
export async function startHub(settings: HubSettings, shell: HubShell): Promise<Hub> {
  const { sockets } = settings;
  const { transport, logger, fail } = shell;
  const counters = noCounts();
  const key = readKey(settings.keyFile);
  const crypto = nodeCrypto(key);
  const config = withSelf(settings.config, publicKeyOf(key));
  const store = await openStore(settings.store);
  const { clock, records } = await resumeNode(store);
  const core = new HubCore(config, { crypto, documents: documentReader }, clock.now(), records);
  const { epoch } = core;
  const sender = { crypto, from: config.id, session: `e${epoch}`, epoch };
  const framer = new Framer({ ...sender, frameTtlMs: config.timing.frameTtlMs });
  const router = new Router(framer, counters);
  const send = (to: Send['to'], session: Send['session'], message: Send['message']) =>
    router.release([{ to, session, message }], clock.now().wallMs);

  let stopping = false;
  const loop = new NodeLoop<HubInput, HubEffect>({
    core,
    store,
    clock,
    inboxMax: settings.inboxMax,
    diskFreeBytesMin: settings.diskFreeBytesMin,
    release: (sends, now) => router.release(sends, now.wallMs),
    perform,
    onFault: fail,
  });

  function perform(effect: HubEffect): void {
    switch (effect.kind) {
      case 'cold-read': {
        const { to, session, requestId, request } = effect;
        answerColdRead(store, to, request).then(
          (reply) => send(to, session, { type: 'reply', requestId, reply }),
          (error) => (stopping ? undefined : fail(error)),
        );
        return;
      }
      case 'frame-refused':
        counters.refused += 1;
        logger.warn('frame.refused', { from: effect.from, code: effect.code, hint: effect.hint });
        return;
      case 'fatal':
        fail(new HubFault(effect.code, effect.hint));
    }
  }

  /** Tells who sent it, as far as that is known. */
  function onRefused(connection: Connection, { code, hint }: Refusal): void {
    counters.malformed += 1;
    logger.warn('frame.malformed', { from: connection.from, code, hint });
    const { from, session } = connection;
    if (from === null) return;
    const message = { type: 'refused', code, hint, knownEpoch: 0 } as const;
    send(from, isHubId(from) ? null : session, message);
  }

  function onClose(server: () => Server | undefined, { from, session }: Connection): void {
    // A newer connection may carry the same session on.
    if (from === null || session === null || isHubId(from)) return;
    if (server()?.find(from, session)) return;
    void loop.offer({ kind: 'session-closed', participant: from, session });
  }

  const accept = (signed: SignedFrame) => {
    counters.frames += 1;
    return loop.offer({ kind: 'frame', signed });
  };
  const keyOf = keysOf(config);
  const openDoor = async (door: 'mesh' | 'local') => {
    const keeper = new DoorKeeper({ door, hub: config.id, crypto, keyOf, accept });
    let server: Server | undefined;
    server = await transport.listen({
      path: sockets[door],
      onFrame: (connection, text, signature) => keeper.onFrame(connection, text, signature),
      onClose: (connection) => onClose(() => server, connection),
      onRefused,
    });
    return server;
  };

  await loop.start();
  const doors = [await openDoor('mesh'), await openDoor('local')] as const;
  router.setParticipants(doors[1]);
  for (const { hub, path } of settings.peerSockets) {
    const link = transport.connect({
      path,
      // Peers answer over links of their own: whatever comes back here is nobody's word.
      onFrame: () => {
        counters.malformed += 1;
      },
      onConnect: () => void loop.offer({ kind: 'peer-connected', hub }),
    });
    router.addPeer(hub, link);
  }
  logger.info('hub.started', { epoch, peers: settings.peerSockets.length, records: records.length });

  return {
    counters,
    ready: { role: 'hub', id: config.id, epoch, mesh: sockets.mesh, local: sockets.local },
    stop: async () => {
      stopping = true;
      await loop.stop();
      await Promise.all(doors.map((door) => door.close()));
      await router.close();
      await store.close();
      logger.info('hub.stopped', { ...counters, ...store.counts });
    },
  };
}

/** The hub itself is one of the hubs of the network; its entry must not contradict its key. */
function withSelf(config: HubConfig, publicKey: string): HubConfig {
  const { id, peers } = config;
  const own = peers.find((peer) => peer.id === id);
  if (own && own.publicKey !== publicKey) {
    throw new ConfigFault('CONFIG_KEY', `peers: the public key of ${id} is not that of keyFile`);
  }
  return own ? config : { ...config, peers: [...peers, { id, publicKey }] };
}
