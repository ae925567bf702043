/** Opens the container runtime that the configuration names. */
import { hash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { ConfigFault } from '@sparegrid/link/daemon/config-fault';
import type { Logger } from '@sparegrid/link/daemon/logger';
import { makeFolder } from '@sparegrid/link/make-folder';
import type { LendingSettings, RuntimeSettings } from '../config.ts';
import { whyNoLimits } from './engine/bandwidth.ts';
import { EngineRuntime } from './engine/engine-runtime.ts';
import { scratchMode } from './engine/scratch.ts';
import { ProcessRuntime } from './process-runtime.ts';
import { findPrograms } from './programs.ts';
import type { Report, Runtime } from './runtime.ts';

type EngineSettings = Exclude<RuntimeSettings, { kind: 'process' }>;

/** What engines take for a network that is not of their own making. */
const NO_BRIDGE = /^(host|none|slirp4netns|pasta|private)$|:/;

/**
 * @throws ConfigFault CONFIG_MACHINE when a program that may run is missing, or bandwidth shall be
 *         offered to which containers could not be held.
 */
export async function openRuntime(
  participant: string,
  { runtime, offer }: Pick<LendingSettings, 'runtime' | 'offer'>,
  { report, logger }: { report: Report; logger: Logger },
): Promise<Runtime> {
  if (runtime.kind === 'process') return openProcessRuntime(runtime, report, logger);
  const limitsBandwidth = offer.bandwidth > 0;
  if (limitsBandwidth) await checkBandwidth(runtime);
  const mode = await scratchMode();
  logger.info('runtime.engine', { runtime: runtime.kind, socket: runtime.socket, storage: mode });
  const owner = ownerOf(participant, runtime.directory);
  const settings = { ...runtime, limitsBandwidth, owner, scratchMode: mode };
  return new EngineRuntime({ ...settings, report, logger });
}

/** What is sold must be there, and nobody may take more of it: else it is not offered. */
async function checkBandwidth({ egressNetwork }: EngineSettings): Promise<void> {
  const isBridge = egressNetwork !== null && !NO_BRIDGE.test(egressNetwork);
  const missing = isBridge
    ? await whyNoLimits()
    : 'runtime.egressNetwork must name a network of the kind bridge';
  if (missing === null) return;
  const hint = `offer.bandwidth: containers cannot be held to it (${missing}). Offer none: containers still reach runtime.egressNetwork, without any promise; or run the agent as root, with iproute2.`;
  throw new ConfigFault('CONFIG_MACHINE', hint);
}

async function openProcessRuntime(
  runtime: Extract<RuntimeSettings, { kind: 'process' }>,
  report: Report,
  logger: Logger,
): Promise<Runtime> {
  const searchPath = process.env['PATH'] ?? '';
  const programs = await findPrograms(runtime.programs, searchPath);
  logger.warn('runtime.isolates-nothing', {
    runtime: 'process',
    text: 'THE PROCESS RUNTIME ISOLATES NOTHING: programs run with all rights of the agent. For development networks only.',
  });
  return new ProcessRuntime({ ...runtime, programs, searchPath, report, logger });
}

/** Several agents, also of the same name in other networks, may share one daemon. */
export function ownerOf(participant: string, directory: string): string {
  makeFolder(directory);
  return hash('sha256', `${participant} ${realpathSync(directory)}`, 'hex').slice(0, 12);
}
