/**
 * The agent process: `node packages/agent/src/main.ts --config FILE`.
 *
 * Prints one line `{"ready":true,...}` on stdout once it runs; logs JSON lines on stderr. Ends on
 * SIGTERM, SIGINT, and with the parent that started it with an IPC channel; containers run on and are
 * adopted by the next start. Exit codes: 0 told to end, 2 wrong configuration, 70 fault.
 */
import { createLogger } from '@sparegrid/link/daemon/logger';
import { runDaemon } from '@sparegrid/link/daemon/run-daemon';
import { localSockets } from '@sparegrid/link/local-socket';
import { natsTransport } from '@sparegrid/link/nats/nats-transport';
import { startAgent } from './app.ts';
import { readAgentConfig } from './config.ts';

await runDaemon((configPath, fail) => {
  const settings = readAgentConfig(configPath);
  const logger = createLogger(settings.config.id);
  const { tls, config } = settings;
  const transport = tls ? natsTransport({ node: config.id, tls }) : localSockets;
  return startAgent(settings, { transport, logger, fail });
});
