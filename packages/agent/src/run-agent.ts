/** Runs the agent of a configuration file in this process until it is told to end. */
import { createLogger } from '@sparegrid/link/daemon/logger';
import { runDaemon } from '@sparegrid/link/daemon/run-daemon';
import { localSockets } from '@sparegrid/link/local-socket';
import { natsTransport } from '@sparegrid/link/nats/nats-transport';
import { startAgent } from './app.ts';
import { type AgentRole, readAgentConfig } from './config.ts';

/** @param role  instead of the one in the file. */
export async function runAgent(role?: AgentRole): Promise<void> {
  await runDaemon((configPath, fail) => {
    const settings = readAgentConfig(configPath, role);
    const logger = createLogger(settings.config.id);
    const { tls, config } = settings;
    const transport = tls ? natsTransport({ node: config.id, tls }) : localSockets;
    return startAgent(settings, { transport, logger, fail });
  });
}
