/** Composition root of the agent: store, core, loop, link to the hub, reports, runtime. */
import type { LogSeqRecord } from '@sparegrid/core/participant/log-sender';
import {
  ParticipantCore,
  type ParticipantEffect,
  type ParticipantInput,
} from '@sparegrid/core/participant/participant-core';
import { decodeStored } from '@sparegrid/core/units/json';
import type { Logger } from '@sparegrid/link/daemon/logger';
import { readKey } from '@sparegrid/link/daemon/read-key';
import type { Daemon, Fail } from '@sparegrid/link/daemon/run-daemon';
import { documentReader } from '@sparegrid/link/documents';
import { Framer } from '@sparegrid/link/framer';
import { NodeLoop } from '@sparegrid/link/loop/node-loop';
import { resumeNode } from '@sparegrid/link/loop/resume';
import { nodeCrypto } from '@sparegrid/link/node-crypto';
import { openStore } from '@sparegrid/link/store/open-store';
import type { StoredRecord } from '@sparegrid/link/store/store';
import type { Transport } from '@sparegrid/link/transport';
import type { AgentSettings } from './config.ts';
import { HubLink } from './hub-link.ts';
import { startReports } from './reports.ts';
import { openRuntime } from './runtime/open-runtime.ts';
import type { KnownContainer, Runtime } from './runtime/runtime.ts';

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
  const crypto = nodeCrypto(readKey(settings.keyFile));
  const store = await openStore(settings.store);
  const { clock, records } = await resumeNode(store);
  const env = { crypto, documents: documentReader };
  const core = new ParticipantCore(config, env, clock.now(), records);
  const { session } = core;
  const { frameTtlMs } = config.timing;
  const framer = new Framer({ crypto, from: config.id, session, epoch: 0, frameTtlMs });
  const hub = new HubLink(framer, logger);

  const runtime = await openRuntime(settings, {
    report: async (event) => loop.offer(event),
    logger,
  });
  const loop = new NodeLoop<ParticipantInput, ParticipantEffect>({
    core,
    store,
    clock,
    inboxMax: settings.inboxMax,
    diskFreeBytesMin: settings.diskFreeBytesMin,
    release: (sends, now) => hub.release(sends, now.wallMs),
    perform: (effect) => perform(effect, runtime, logger),
    onFault: fail,
  });
  const report = (input: ParticipantInput) => void loop.offer(input);
  const reports = await startReports(settings, runtime.images, { report, logger });
  await runtime.adopt(knownContainers(core, records));
  hub.open(transport, settings.hubSockets, (input) => loop.offer(input));
  await loop.start();
  logger.info('agent.started', { session, hub: config.hub.id, records: records.length });

  return {
    ready: { role: 'agent', id: config.id, hub: config.hub.id, session },
    stop: async () => {
      reports.stop();
      await loop.stop();
      await hub.close();
      await runtime.close();
      await store.close();
      logger.info('agent.stopped', { ...store.counts });
    },
  };
}

function perform(effect: ParticipantEffect, runtime: Runtime, logger: Logger): void {
  switch (effect.kind) {
    case 'start':
      return runtime.start(effect.container);
    case 'stop':
      return runtime.stop(effect.id);
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
    case 'frame-refused': {
      const { from, code, hint } = effect;
      return logger.warn('frame.refused', { from, code, hint });
    }
  }
}

/** What the core expects to run, with the point up to which each one's output is stored for good. */
function knownContainers(
  core: ParticipantCore,
  records: readonly StoredRecord[],
): KnownContainer[] {
  const acked = new Map(
    records
      .filter(({ table }) => table === 'log-seq')
      .map(({ key, text }) => [key, decodeStored<LogSeqRecord>(text).acked]),
  );
  return [...core.containers.values()].map(({ desired: { id }, stopping }) => ({
    id,
    logSeq: acked.get(id) ?? 0,
    stopping: stopping !== null,
  }));
}
