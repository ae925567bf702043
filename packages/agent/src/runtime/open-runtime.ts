/** Opens the container runtime that the configuration names. */
import { hash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import type { Logger } from '@sparegrid/link/daemon/logger';
import { makeFolder } from '@sparegrid/link/make-folder';
import type { RuntimeSettings } from '../config.ts';
import { EngineRuntime } from './engine/engine-runtime.ts';
import { scratchMode } from './engine/scratch.ts';
import { ProcessRuntime } from './process-runtime.ts';
import { findPrograms } from './programs.ts';
import type { Report, Runtime } from './runtime.ts';

/** @throws ConfigFault CONFIG_MACHINE when a program that may run is missing. */
export async function openRuntime(
  participant: string,
  runtime: RuntimeSettings,
  { report, logger }: { report: Report; logger: Logger },
): Promise<Runtime> {
  if (runtime.kind === 'process') return openProcessRuntime(runtime, report, logger);
  const mode = await scratchMode();
  logger.info('runtime.engine', { runtime: runtime.kind, socket: runtime.socket, storage: mode });
  const owner = ownerOf(participant, runtime.directory);
  return new EngineRuntime({ ...runtime, owner, scratchMode: mode, report, logger });
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
