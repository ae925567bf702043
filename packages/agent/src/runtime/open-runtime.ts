/** Opens the container runtime that the configuration names. */
import type { Logger } from '@sparegrid/link/daemon/logger';
import type { AgentSettings } from '../config.ts';
import { ProcessRuntime } from './process-runtime.ts';
import { findPrograms } from './programs.ts';
import type { Report, Runtime } from './runtime.ts';

/** @throws ConfigFault CONFIG_MACHINE when a program that may run is missing. */
export async function openRuntime(
  { runtime, config }: AgentSettings,
  { report, logger }: { report: Report; logger: Logger },
): Promise<Runtime> {
  const searchPath = process.env['PATH'] ?? '';
  const programs = await findPrograms(runtime.programs, searchPath);
  logger.warn('runtime.isolates-nothing', {
    runtime: 'process',
    text: 'THE PROCESS RUNTIME ISOLATES NOTHING: programs run with all rights of the agent. For development networks only.',
  });
  const { stopTimeMs } = config.timing;
  const { directory, endWithAgent } = runtime;
  const settings = { directory, programs, searchPath, stopTimeMs, endWithAgent };
  return new ProcessRuntime({ ...settings, report, logger });
}
