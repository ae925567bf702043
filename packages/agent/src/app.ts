/** Composition root of the agent: store, core, loop, link to the hub, reports, runtime. */
import type { KeyObject } from 'node:crypto';
import type { LogSeqRecord } from '@sparegrid/core/participant/log-sender';
import {
  ParticipantCore,
  type ParticipantEffect,
  type ParticipantInput,
} from '@sparegrid/core/participant/participant-core';
import { decodeStored } from '@sparegrid/core/units/json';
import { formerKeyFiles } from '@sparegrid/link/daemon/former-keys';
import type { Logger } from '@sparegrid/link/daemon/logger';
import { readConfig } from '@sparegrid/link/daemon/read-config';
import { readKey, readSealKey } from '@sparegrid/link/daemon/read-key';
import type { Daemon, Fail } from '@sparegrid/link/daemon/run-daemon';
import { documentReader } from '@sparegrid/link/documents';
import { quickEd25519 } from '@sparegrid/link/ed25519';
import { Framer } from '@sparegrid/link/framer';
import { NodeLoop } from '@sparegrid/link/loop/node-loop';
import { resumeNode } from '@sparegrid/link/loop/resume';
import { nodeCrypto } from '@sparegrid/link/node-crypto';
import { keyChain } from '@sparegrid/link/schemas/identity';
import { openStore } from '@sparegrid/link/store/open-store';
import type { StoredRecord } from '@sparegrid/link/store/store';
import type { Transport } from '@sparegrid/link/transport';
import type { AgentSettings, LendingSettings } from './config.ts';
import { type AgentState, ControlDoor } from './control/control-door.ts';
import { ModeFile } from './control/mode.ts';
import { Hearing } from './hearing.ts';
import { HubLink } from './hub-link.ts';
import { UsageSampler } from './monitor/usage-sampler.ts';
import { startReleasing } from './releasing.ts';
import { startRenewal } from './renewal.ts';
import { Reports } from './reports.ts';
import { noRuntime } from './runtime/no-runtime.ts';
import { openRuntime } from './runtime/open-runtime.ts';
import type { KnownContainer, Runtime } from './runtime/runtime.ts';
import { SealedRuntime } from './sealing/sealed-runtime.ts';

export interface AgentShell {
  transport: Transport;
  logger: Logger;
  /** Called at most once, when the agent cannot go on: the process must end. */
  fail: Fail;
}

/**
 * Starts an agent; resolves once its first step is durable, what ran before is adopted, and the link
 * to the hub is being made.
 *
 * @throws ConfigFault CONFIG_KEY, CONFIG_MACHINE; StoreFault; LinkFault (path of the socket)
 */
export async function startAgent(settings: AgentSettings, shell: AgentShell): Promise<Daemon> {
  const { config } = settings;
  const { transport, logger, fail } = shell;
  const key = readKey(settings.keyFile);
  const formerKeys = formerKeyFiles(settings.keyFile).map(readKey);
  const ed25519 = quickEd25519();
  const crypto = nodeCrypto(key, ed25519);
  const store = await openStore(settings.store);
  const { clock, records } = await resumeNode(store);
  const env = { crypto, documents: documentReader };
  const keys = settings.sealing && readConfig(settings.sealing.chainFile, keyChain);
  const shown = keys ? { ...config, keys } : config;
  const core = new ParticipantCore(shown, env, clock.now(), records);
  const { session } = core;
  const { frameTtlMs } = config.timing;
  const framer = new Framer({ crypto, from: config.id, session, epoch: 0, frameTtlMs });
  const hub = new HubLink(framer, logger);
  const hearing = new Hearing(config, core, () => clock.now().elapsedMs, logger);

  const { lending } = settings;
  const report = async (input: ParticipantInput) => loop.offer(input);
  const mode = new ModeFile(settings.modeFile);
  const runtime = lending ? await openSealed(settings, lending, core, logger, report) : noRuntime;
  const loop = new NodeLoop<ParticipantInput, ParticipantEffect>({
    core,
    store,
    clock,
    inboxMax: settings.inboxMax,
    diskFreeBytesMin: settings.diskFreeBytesMin,
    prepare: (sends, now) => {
      const release = hub.prepare(sends, now.wallMs);
      return () => {
        release();
        door.changed();
      };
    },
    perform: (effect) => perform(effect, runtime, logger, hearing),
    onFault: fail,
  });
  const reports =
    lending &&
    (await Reports.start(lending, runtime, {
      report: (input) => void report(input),
      logger,
      mode: () => mode.mode,
      diskFreeBytesMin: settings.diskFreeBytesMin,
    }));
  const door = await ControlDoor.open(settings.control, {
    mode,
    state: () => ({ ...stateOf(core, mode, reports), hub: hearing.state() }),
    modeChanged: () => {
      logger.info('agent.mode', { mode: mode.mode });
      reports?.modeChanged();
    },
  });
  await runtime.adopt(knownContainers(core, records, config.timing.stopTimeMs));
  hub.open(transport, settings.hubSockets, (input) => loop.offer(input));
  await loop.start();
  const sampler =
    lending &&
    new UsageSampler(lending.machine.directory, {
      containers: () => core.containers.values(),
      runtime,
      logger,
      sampled: (sampled) => reports?.sampled(sampled),
    });
  sampler?.start();
  const renewed = (next: KeyObject) => void Object.assign(crypto, nodeCrypto(next, ed25519));
  const releasing = lending
    ? null
    : startReleasing(settings, { key, formerKeys, transport, logger, renewed });
  const renewal = settings.membership && startRenewal(settings.membership, config.id, logger);
  logger.info('agent.started', {
    session,
    hub: config.hub.id,
    records: records.length,
    signs: ed25519.by,
  });

  return {
    ready: { role: 'agent', id: config.id, hub: config.hub.id, session },
    stop: async () => {
      sampler?.stop();
      if (renewal) renewal();
      await releasing?.();
      reports?.stop();
      await door.close();
      await loop.stop();
      await hub.close();
      await runtime.close();
      await store.close();
      logger.info('agent.stopped', { ...store.counts });
    },
  };
}

/** The runtime that the configuration names, behind seals. */
function openSealed(
  { config, sealing }: AgentSettings,
  lending: LendingSettings,
  core: ParticipantCore,
  logger: Logger,
  offer: (input: ParticipantInput) => Promise<void>,
): Promise<Runtime> {
  if (!sealing) throw new Error('broken invariant: a lessor without a sealing key');
  const known = [...core.containers.values()].map(({ desired }) => desired);
  return SealedRuntime.open(
    {
      sealKey: readSealKey(sealing.keyFile),
      report: offer,
      logger,
      open: (report) => openRuntime(config.id, lending, { report, logger }),
    },
    known,
  );
}

function stateOf(
  core: ParticipantCore,
  { mode }: ModeFile,
  reports: Reports | null,
): Omit<AgentState, 'hub'> {
  const containers = [...core.containers.values()]
    .filter(({ state }) => state !== 'exited')
    .map(({ desired: { id, attempt }, state, runningAtMs }) => ({
      id,
      state,
      attempt,
      billed: runningAtMs !== null,
    }));
  const { offered = null, diskLow = false } = reports ?? {};
  return { mode, containers, offered, diskLow };
}

function perform(
  effect: ParticipantEffect,
  runtime: Runtime,
  logger: Logger,
  hearing: Hearing,
): void {
  switch (effect.kind) {
    case 'start':
      return runtime.start(effect.container);
    case 'stop':
      return runtime.stop(effect.id, effect.graceMs);
    case 'collect':
      return runtime.collect(effect.id);
    case 'forget':
      return runtime.forget(effect.id);
    case 'log-acked':
      return runtime.logAcked(effect.id, effect.seq);
    case 'rejected': {
      const { what, code, hint } = effect;
      return logger.warn('report.rejected', { what, code, hint });
    }
    case 'relayed':
      return logger.info('relayed', { from: effect.from, length: effect.payload.length });
    case 'frame-refused':
      return hearing.refused(effect);
  }
}

/** What the core expects to run, with the point up to which each one's output is stored for good. */
function knownContainers(
  core: ParticipantCore,
  records: readonly StoredRecord[],
  stopTimeMs: number,
): KnownContainer[] {
  const acked = new Map(
    records
      .filter(({ table }) => table === 'log-seq')
      .map(({ key, text }) => [key, decodeStored<LogSeqRecord>(text).acked]),
  );
  return [...core.containers.values()].map(({ desired: { id, attempt }, stopping }) => ({
    id,
    attempt,
    logSeq: acked.get(id) ?? 0,
    stopGraceMs: stopping === null ? null : stopTimeMs,
  }));
}
