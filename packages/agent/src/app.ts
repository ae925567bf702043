/** Composition root of the agent: store, core, loop, link to the hub, monitor, runtime. */

import type { LogSeqRecord } from '@sparegrid/core/participant/log-sender';
import type {
  ParticipantEffect,
  ParticipantInput,
} from '@sparegrid/core/participant/participant-core';
import { ParticipantCore } from '@sparegrid/core/participant/participant-core';
import type { Send } from '@sparegrid/core/step';
import { decodeStored } from '@sparegrid/core/units/json';
import type { Logger } from '@sparegrid/link/daemon/logger';
import { readKey } from '@sparegrid/link/daemon/read-key';
import type { Daemon, Fail } from '@sparegrid/link/daemon/run-daemon';
import { documentReader } from '@sparegrid/link/documents';
import { decodeFrame } from '@sparegrid/link/frame';
import { Framer } from '@sparegrid/link/framer';
import { byReceiver } from '@sparegrid/link/loop/by-receiver';
import { NodeLoop } from '@sparegrid/link/loop/node-loop';
import { resumeNode } from '@sparegrid/link/loop/resume';
import { nodeCrypto } from '@sparegrid/link/node-crypto';
import { openStore } from '@sparegrid/link/store/open-store';
import type { StoredRecord } from '@sparegrid/link/store/store';
import type { Client, Transport } from '@sparegrid/link/transport';
import type { AgentSettings } from './config.ts';
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
 * @throws ConfigFault CONFIG_KEY, CONFIG_MACHINE; StoreFault
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
  let link: Client | undefined;

  const loop = new NodeLoop<ParticipantInput, ParticipantEffect>({
    core,
    store,
    clock,
    inboxMax: settings.inboxMax,
    diskFreeBytesMin: settings.diskFreeBytesMin,
    release: (sends, now) => release(sends, now.wallMs),
    perform: (effect) => perform(effect, runtime, logger),
    onFault: fail,
  });
  const runtime = await openRuntime(settings, {
    report: async (event) => loop.offer(event),
    logger,
  });

  /** Everything goes to the hub: a participant has nobody else to talk to. */
  function release(sends: readonly Send[], wallMs: number): void {
    for (const { to, messages } of byReceiver(sends)) {
      for (const { text, signature } of framer.frame(to, null, messages, wallMs)) {
        link?.send(text, signature);
      }
    }
  }

  function onFrame(text: string, signature: string): Promise<void> | undefined {
    const decoded = decodeFrame(text, signature);
    if (decoded.ok) return loop.offer({ kind: 'frame', signed: decoded.signed });
    logger.warn('frame.malformed', { code: decoded.code, hint: decoded.hint });
    return undefined;
  }

  const reports = await startReports(settings, runtime.images, {
    report: (input) => void loop.offer(input),
    logger,
  });
  await runtime.adopt(knownContainers(core, records));
  link = transport.connect({
    path: settings.hubSocket,
    onFrame,
    onConnect: () => void loop.offer({ kind: 'hub-connected' }),
    onDisconnect: () => void loop.offer({ kind: 'hub-disconnected' }),
  });
  await loop.start();
  logger.info('agent.started', { session, hub: config.hub.id, records: records.length });

  return {
    ready: { role: 'agent', id: config.id, hub: config.hub.id, session },
    stop: async () => {
      reports.stop();
      await loop.stop();
      await link.close();
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
    case 'rejected':
      return logger.error('report.rejected', {
        what: effect.what,
        code: effect.code,
        hint: effect.hint,
      });
    case 'relayed':
      return logger.info('relayed', { from: effect.from, length: effect.payload.length });
    case 'frame-refused':
      return logger.warn('frame.refused', {
        from: effect.from,
        code: effect.code,
        hint: effect.hint,
      });
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
