/**
 * The hub process: `node packages/hub/src/main.ts --config FILE`.
 *
 * Prints one line `{"ready":true,...}` on stdout once it listens; logs JSON lines on stderr. Ends on
 * SIGTERM, SIGINT, and with the parent that started it with an IPC channel. A standby is ready when
 * it serves. Exit codes: 0 told to end, 2 wrong configuration, 70 fault.
 */
import { createLogger } from '@sparegrid/link/daemon/logger';
import { runDaemon } from '@sparegrid/link/daemon/run-daemon';
import { localSockets } from '@sparegrid/link/local-socket';
import { startHub } from './app.ts';
import { openBrokers, type Users } from './brokers.ts';
import { readHubConfig } from './config.ts';

await runDaemon((configPath, fail, signal) => {
  const settings = readHubConfig(configPath);
  const logger = createLogger(settings.config.id);
  const { nats } = settings;
  const openLinks = async (users: Users) =>
    nats
      ? openBrokers(settings, nats, fail, users)
      : { transport: localSockets, setUsers: () => {}, close: async () => {} };
  return startHub(settings, { openLinks, logger, fail, signal });
});
