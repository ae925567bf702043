/** Talks to an agent on this machine through its control door. */
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import type { ControlAnswer, ControlOp } from './control-door.ts';

/**
 * Yields the agent's answers: one for everything but `drain`, which is answered with every change
 * until nothing runs any more or somebody resumes the agent.
 *
 * @param path  of the socket: `control` of the agent's configuration.
 * @throws what the system says when no agent answers there (ENOENT, ECONNREFUSED, EACCES).
 */
export async function* controlAgent(path: string, op: ControlOp): AsyncGenerator<ControlAnswer> {
  const socket = connect(path);
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  try {
    socket.write(`${JSON.stringify({ op })}\n`);
    for await (const line of createInterface(socket)) yield JSON.parse(line) as ControlAnswer;
  } finally {
    socket.destroy();
  }
}
