/** Asks the hub on this machine through its control door. */
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import type { ControlQuestion } from '@sparegrid/link/schemas/admission';
import type { ControlAnswer } from './control-door.ts';

/**
 * @param path  of the socket: `control` of the hub's configuration.
 * @throws what the system says when no hub answers there (ENOENT, ECONNREFUSED, EACCES).
 */
export async function controlHub(path: string, question: ControlQuestion): Promise<ControlAnswer> {
  const socket = connect(path);
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  socket.write(`${JSON.stringify(question)}\n`);
  const answer = await text(socket);
  if (answer === '') throw new Error('the hub ended before it answered');
  return JSON.parse(answer) as ControlAnswer;
}
