/**
 * The agent process: `node packages/agent/src/main.ts --config FILE`.
 *
 * Prints one line `{"ready":true,...}` on stdout once it runs; logs JSON lines on stderr. Ends on
 * SIGTERM, SIGINT, and with the parent that started it with an IPC channel; containers run on and are
 * adopted by the next start. Exit codes: 0 told to end, 2 wrong configuration, 70 fault.
 */
import { runAgent } from './run-agent.ts';

await runAgent();
