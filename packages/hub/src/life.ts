/** One life of a hub: its core, loop, doors and links, and how they are let go. */

import type { HubConfig } from '@sparegrid/core/hub/config';
import type { HubEffect } from '@sparegrid/core/hub/context';
import type { HubCore, HubInput } from '@sparegrid/core/hub/hub-core';
import type { Message } from '@sparegrid/core/messages';
import type { Refusal } from '@sparegrid/core/refusals';
import { type HubId, isHubId, type NodeId, type ParticipantId } from '@sparegrid/core/units/ids';
import type { Door } from '@sparegrid/link/addresses';
import { connectAny } from '@sparegrid/link/connect-any';
import type { Connection } from '@sparegrid/link/connection';
import { ConfigFault } from '@sparegrid/link/daemon/config-fault';
import type { Logger } from '@sparegrid/link/daemon/logger';
import { RefusalLog } from '@sparegrid/link/daemon/refusal-log';
import type { Daemon, Fail } from '@sparegrid/link/daemon/run-daemon';
import { Framer } from '@sparegrid/link/framer';
import type { ElapsedClock } from '@sparegrid/link/loop/elapsed-clock';
import { type Gather, NodeLoop } from '@sparegrid/link/loop/node-loop';
import type { nodeCrypto } from '@sparegrid/link/node-crypto';
import { findEnded } from '@sparegrid/link/store/find-ended';
import type { Store } from '@sparegrid/link/store/store';
import type { Server, Transport } from '@sparegrid/link/transport';
import { Admission, takeHubList } from './admission/admission.ts';
import { AdmissionPort } from './admission/admission-port.ts';
import type { HubLinks, Users } from './brokers.ts';
import { answerColdRead } from './cold-reads.ts';
import type { HubSettings } from './config.ts';
import { type LinkCounters, noCounts } from './counters.ts';
import { DoorKeeper } from './door.ts';
import type { HttpDoor } from './http/http-door.ts';
import { RequestPort } from './http/request-port.ts';
import { SignatureGate } from './http/signature-gate.ts';
import { peerWatch } from './peer-watch.ts';
import { Router } from './router.ts';
import { RoundSolver } from './solving/round-solver.ts';

/**
 * An agreement over two hubs takes three steps one after the other, and five messages in all on
 * average: so many messages in each step are ten agreements for each commit.
 */
const GATHER: Gather<HubInput> = {
  ms: 30,
  enough: 52,
  weigh: (input) => (input.kind === 'frame' ? input.signed.frame.messages.length : 1),
};

export interface HubShell {
  /** Called once the hub may serve. */
  openLinks(users: Users): Promise<HubLinks>;
  logger: Logger;
  /** Called at most once, when the hub cannot go on: the process must end. */
  fail: Fail;
  /** Aborted when the hub shall end while it still waits to serve. */
  signal?: AbortSignal | undefined;
}

export interface Hub extends Daemon {
  readonly counters: Readonly<LinkCounters>;
}

/** What a hub is made of once its store is open. */
export interface LifeParts {
  config: HubConfig;
  publicKey: string;
  crypto: ReturnType<typeof nodeCrypto>;
  store: Store;
  clock: ElapsedClock;
  core: HubCore;
  /** Null without an HTTP door. */
  http: HttpDoor | null;
}

export class HubLife implements Hub {
  readonly counters = noCounts();
  ready: Daemon['ready'];
  readonly #settings: HubSettings;
  readonly #shell: HubShell;
  readonly #parts: LifeParts;
  readonly #loop: NodeLoop<HubInput, HubEffect>;
  readonly #router: Router;
  readonly #refusals: RefusalLog;
  readonly #solver: RoundSolver;
  readonly #again: () => void;
  readonly #doors: Server[] = [];
  readonly #admissions: AdmissionPort;
  /** Addresses of the hubs to which there are links. */
  readonly #peerPaths = new Map<HubId, string[]>();
  #links: HubLinks | null = null;
  #http: HttpDoor | null = null;
  #admission: Admission | null = null;
  #stopping = false;

  constructor(settings: HubSettings, shell: HubShell, parts: LifeParts, again: () => void) {
    this.#settings = settings;
    this.#again = again;
    this.#shell = shell;
    this.#parts = parts;
    const { core, store, clock, crypto } = parts;
    const { id: from, timing } = parts.config;
    const { epoch } = core;
    this.ready = { role: 'hub', id: from, epoch, ...settings.sockets };
    const session = `e${epoch}`;
    const framer = new Framer({ crypto, from, session, epoch, frameTtlMs: timing.frameTtlMs });
    this.#router = new Router(framer, this.counters);
    this.#refusals = new RefusalLog(shell.logger);
    this.#solver = new RoundSolver((error) =>
      shell.logger.error('solver.failed', { error: String(error) }),
    );
    this.#admissions = new AdmissionPort((input) => this.#loop.offer(input));
    this.#loop = new NodeLoop({
      core,
      store,
      clock,
      inboxMax: settings.inboxMax,
      diskFreeBytesMin: settings.diskFreeBytesMin,
      gather: GATHER,
      prepare: (sends, now) => this.#router.prepare(sends, now.wallMs),
      perform: (effect) => this.#perform(effect),
      onFault: shell.fail,
    });
  }

  async open(): Promise<void> {
    // Servers of links start while the epoch becomes durable; nobody listens there before it is.
    const opening = this.#shell.openLinks(this.#users());
    opening.catch(() => {});
    try {
      await this.#loop.start();
    } catch (error) {
      await opening.then((links) => links.close()).catch(() => {});
      throw error;
    }
    try {
      await takeHubList(this.#settings, this.#admissions);
      this.#checkOwnKey();
      await this.#connect(await opening);
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /**
   * With a key that the operator did not list the hub would be heard by nobody, and wait in vain.
   *
   * @throws ConfigFault CONFIG_KEY
   */
  #checkOwnKey(): void {
    const { core, config, publicKey } = this.#parts;
    const listed = core.listedHubs.find(({ id }) => id === config.id);
    if (!listed || listed.signKeys.includes(publicKey)) return;
    const where = `${this.#settings.keyFile} is not the key of ${config.id}`;
    const what = `in the operator's list of hubs (revision ${core.hubListRevision})`;
    const way = 'A new key is listed first: hub new-key, ca sign-hub --replace-key, hub accept';
    throw new ConfigFault('CONFIG_KEY', `keyFile: ${where} ${what}. ${way}`);
  }

  async stop(): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    const { store } = this.#parts;
    await this.#loop.stop();
    await this.#solver.close();
    await Promise.all(this.#doors.map((door) => door.close()));
    await this.#admission?.close();
    await this.#http?.close();
    await this.#router.close();
    await store.close();
    await this.#links?.close();
    this.#shell.logger.info('hub.stopped', { ...this.counters, ...store.counts });
  }

  async #connect(links: HubLinks): Promise<void> {
    this.#links = links;
    // The operator's list may have changed them.
    if (this.#settings.hubListFile !== null) links.setUsers(this.#users());
    const { transport } = links;
    await this.#openDoors(transport);
    await this.#openHttp();
    await this.#openAdmission();
    this.#meetPeers(transport);
  }

  /** The doors of the operator of this hub and of newcomers. */
  async #openAdmission(): Promise<void> {
    this.#admission = await Admission.open(this.#settings, {
      admissions: this.#admissions,
      crypto: this.#parts.crypto,
      publicKey: this.#parts.publicKey,
      http: this.#http?.url ?? null,
      wallMs: () => this.#parts.clock.now().wallMs,
      reload: () => this.#links?.setUsers(this.#users()),
      logger: this.#shell.logger,
    });
  }

  #toldHubs(): void {
    const { core, config } = this.#parts;
    const revision = core.hubListRevision;
    this.#shell.logger.info('hubs.taken', { revision, hubs: core.listedHubs.length });
    if (core.listedHubs.some(({ id }) => id === config.id)) return;
    // Nobody hears it any more, and nobody could tell it.
    this.#shell.logger.warn('hubs.without-us', { revision });
  }

  /** Links to every other hub of the network as it is now, and to no others. */
  #meetPeers(transport: Transport): void {
    const wanted = this.#peerAddresses();
    for (const [hub, paths] of this.#peerPaths) {
      if (wanted.get(hub)?.join() === paths.join()) continue;
      this.#router.removePeer(hub);
      this.#peerPaths.delete(hub);
    }
    for (const [hub, paths] of wanted) {
      if (this.#peerPaths.has(hub)) continue;
      const watch = peerWatch(this.#shell.logger, hub);
      const link = connectAny(transport, paths, {
        // Peers answer over links of their own: whatever comes back here is nobody's word.
        onFrame: () => {
          this.counters.malformed += 1;
        },
        ...watch,
        onConnect: () => {
          watch.onConnect();
          void this.#loop.offer({ kind: 'peer-connected', hub });
        },
        onDisconnect: () => {
          if (!this.#stopping) watch.onDisconnect();
        },
      });
      this.#router.addPeer(hub, link);
      this.#peerPaths.set(hub, paths);
    }
  }

  /** The operator's list counts; without one, the configuration. */
  #peerAddresses(): Map<HubId, string[]> {
    const { listedHubs } = this.#parts.core;
    const { id } = this.#parts.config;
    if (listedHubs.length === 0) {
      return new Map(this.#settings.peerSockets.map(({ hub, paths }) => [hub, paths]));
    }
    const others = listedHubs.filter((hub) => hub.id !== id);
    return new Map(others.map((hub) => [hub.id, hub.mesh]));
  }

  #users(): Users {
    const { core } = this.#parts;
    return { mesh: core.peers(), local: core.participants() };
  }

  async #openHttp(): Promise<void> {
    const { http } = this.#settings;
    const { config, crypto, clock, core, http: door } = this.#parts;
    if (!http || !door) return;
    const { epoch } = core;
    const gate = new SignatureGate({
      config,
      epoch,
      crypto,
      keysOf: (node) => core.keysOf(node),
      wallMs: () => clock.now().wallMs,
      elapsedMs: () => clock.now().elapsedMs,
    });
    const requests = new RequestPort({
      offer: (input) => this.#loop.offer(input),
      listen: (session, deliver) => this.#router.listen(session, deliver),
      unlisten: (session) => this.#router.unlisten(session),
    });
    const isRecovering = core.recovery !== null;
    const life = { hub: config.id, epoch, isRecovering };
    await door.open({ ...http, ...life, gate, requests });
    this.#http = door;
    this.ready = { ...this.ready, http: this.#http.url };
  }

  /** Side by side; what the mesh brings may be for participants. */
  async #openDoors(transport: Transport): Promise<void> {
    const opening = [
      this.#openDoor(transport, 'local').then((local) => this.#router.setParticipants(local)),
      this.#openDoor(transport, 'mesh'),
    ];
    const failed = (await Promise.allSettled(opening)).find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
  }

  async #openDoor(transport: Transport, door: Door): Promise<Server> {
    const { config, crypto, core } = this.#parts;
    const keeper = new DoorKeeper({
      door,
      hub: config.id,
      crypto,
      keysFor: (frame) => core.keysFor(frame),
      accept: (signed) => {
        this.counters.frames += 1;
        return this.#loop.offer({ kind: 'frame', signed });
      },
    });
    const server = await transport.listen({
      path: this.#settings.sockets[door],
      onFrame: (connection, text, signature) => keeper.onFrame(connection, text, signature),
      onClose: (connection) => this.#onClose(server, connection),
      onRefused: (connection, refusal) => this.#onRefused(connection, refusal),
    });
    this.#doors.push(server);
    return server;
  }

  /** Tells who sent it, as far as that is known. */
  #onRefused({ from, session }: Connection, { code, hint }: Refusal): void {
    this.counters.malformed += 1;
    this.#shell.logger.warn('frame.malformed', { from, code, hint });
    if (from === null) return;
    const message = { type: 'refused', code, hint, knownEpoch: 0 } as const;
    this.#send(from, isHubId(from) ? null : session, message);
  }

  #onClose(server: Server, { from, session }: Connection): void {
    if (from === null || session === null || isHubId(from)) return;
    // A newer connection may carry the same session on.
    if (server.find(from, session)) return;
    void this.#loop.offer({ kind: 'session-closed', participant: from, session });
  }

  #perform(effect: HubEffect): void {
    const { logger } = this.#shell;
    switch (effect.kind) {
      case 'cold-read':
        return this.#coldRead(effect);
      case 'find-ended':
        return this.#findEnded(effect.from, effect.before);
      case 'solve':
        return this.#solve(effect);
      case 'frame-refused':
        this.counters.refused += 1;
        return this.#refusals.refused(effect);
      case 'subnet-changed':
        return this.#subnetChanged(effect.expelled);
      case 'hubs-changed':
        this.#toldHubs();
        if (!this.#links) return;
        this.#links.setUsers(this.#users());
        return this.#meetPeers(this.#links.transport);
      case 'answer':
        return this.#admissions.answered(effect.ticket, effect.answer);
      case 'restart': {
        const { code, hint } = effect;
        logger.warn('hub.restarts', { code, hint });
        return this.#again();
      }
    }
  }

  #subnetChanged(expelled: ParticipantId | null): void {
    this.#links?.setUsers(this.#users());
    if (expelled === null) return;
    this.#shell.logger.warn('participant.expelled', { participant: expelled });
    for (const door of this.#doors) for (const open of door.of(expelled)) open.close();
    this.#http?.putOut(expelled);
  }

  #solve({ round, request }: Extract<HubEffect, { kind: 'solve' }>): void {
    void this.#solver
      .solve(request)
      .then((answer) => this.#loop.offer({ kind: 'solved', round, answer }));
  }

  #coldRead({ to, session, requestId, request }: Extract<HubEffect, { kind: 'cold-read' }>): void {
    answerColdRead(this.#parts.store, to, request).then(
      (reply) => this.#send(to, session, { type: 'reply', requestId, reply }),
      (error) => {
        if (!this.#stopping) this.#shell.fail(error);
      },
    );
  }

  #findEnded(from: string, before: string): void {
    findEnded(this.#parts.store, from, before).then(
      (search) => this.#loop.offer({ kind: 'ended-found', search }),
      (error) => {
        if (!this.#stopping) this.#shell.fail(error);
      },
    );
  }

  /** For answers that the core has no part in. */
  #send(to: NodeId, session: string | null, message: Message): void {
    this.#router.prepare([{ to, session, message }], this.#parts.clock.now().wallMs)();
  }
}
