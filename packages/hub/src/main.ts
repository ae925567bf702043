/**
 * The hub process: `node packages/hub/src/main.ts --config FILE`.
 *
 * Prints one line `{"ready":true,...}` on stdout once it listens; logs JSON lines on stderr. Ends on
 * SIGTERM, SIGINT, and with the parent that started it with an IPC channel. Exit codes: 0 told to
 * end, 2 wrong configuration, 70 fault.
 */
import { createLogger } from '@sparegrid/link/daemon/logger';
import { runDaemon } from '@sparegrid/link/daemon/run-daemon';
import { localSockets } from '@sparegrid/link/local-socket';
import { startHub } from './app.ts';
import { openBrokers } from './brokers.ts';
import { readHubConfig } from './config.ts';

await runDaemon(async (configPath, fail) => {
  const settings = readHubConfig(configPath);
  const logger = createLogger(settings.config.id);
  const links = settings.nats
    ? await openBrokers(settings, settings.nats, fail)
    : { transport: localSockets, close: async () => {} };
  try {
    const hub = await startHub(settings, { transport: links.transport, logger, fail });
    const stop = () => hub.stop().then(links.close);
    return { ready: hub.ready, stop };
  } catch (error) {
    await links.close();
    throw error;
  }
});
