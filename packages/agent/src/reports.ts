/** Keeps the core told what the machine is and what shall be offered of it. */
import { mkdir } from 'node:fs/promises';
import type { ParticipantInput } from '@sparegrid/core/participant/participant-core';
import type { Logger } from '@sparegrid/link/daemon/logger';
import type { AgentSettings } from './config.ts';
import { readMachine } from './monitor/specs.ts';
import { offerOf } from './offer.ts';

/** How often to look whether the hardware changed; the core reports it only then. */
const LOOK_MS = 300_000;

export interface Reports {
  stop(): void;
}

export interface ReportPorts {
  report(input: Extract<ParticipantInput, { kind: 'resource' | 'offer' }>): void;
  logger: Logger;
}

/**
 * Reports machine and offer once, then again: the machine at intervals, the offer well before its
 * validity ends.
 *
 * @param images  prefixes of the images that the runtime can run.
 * @throws ConfigFault CONFIG_MACHINE when more is to be offered than the machine has.
 * @patent [0037] [0039] [0042]
 */
export async function startReports(
  settings: AgentSettings,
  images: string[],
  { report, logger }: ReportPorts,
): Promise<Reports> {
  await mkdir(settings.machine.directory, { recursive: true });
  const tell = async (): Promise<void> => {
    const machine = await readMachine(settings.machine);
    const offer = offerOf(settings.offer, machine, images, Date.now());
    const { organization } = settings.config;
    const owned = { provision: 'single', serverCluster: null, distributed: null } as const;
    report({ kind: 'resource', spec: { organization, machines: [machine], ...owned } });
    report({ kind: 'offer', offer });
  };
  await tell();
  // Both at once: an offer is checked against the machine as it is now.
  const everyMs = Math.min(LOOK_MS, settings.offer.validityMs / 2);
  const timer = setInterval(() => {
    tell().catch((error: unknown) => logger.error('report.failed', { error: String(error) }));
  }, everyMs);
  return { stop: () => clearInterval(timer) };
}
