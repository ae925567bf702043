/** Makes the path of a Unix-domain socket fit to listen on. */
import { lstatSync, statSync, unlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { LinkFault } from './fault.ts';
import { makeFolder } from './make-folder.ts';

/** `sun_path` has 108 bytes, the last of them is the end mark. */
export const SOCKET_PATH_BYTES_MAX = 107;

/**
 * Makes the directory (mode 0700) and removes the socket file of a process that is gone.
 *
 * @throws LinkFault LINK_SOCKET_PATH_LENGTH, LINK_SOCKET_DIRECTORY, LINK_SOCKET_TAKEN
 */
export async function prepareSocketPath(path: string): Promise<void> {
  checkPathLength(path);
  const directory = dirname(path);
  makeFolder(directory, 0o700);
  if ((statSync(directory).mode & 0o077) !== 0) {
    throw new LinkFault('LINK_SOCKET_DIRECTORY', `Run chmod 700 ${directory}, or use another one.`);
  }
  const entry = lstatSync(path, { throwIfNoEntry: false });
  if (!entry) return;
  if (!entry.isSocket()) throw new LinkFault('LINK_SOCKET_TAKEN', `${path} is no socket.`);
  if (await answers(path)) {
    throw new LinkFault('LINK_SOCKET_TAKEN', `A living process listens on ${path}.`);
  }
  unlinkSync(path);
}

/** @throws LinkFault LINK_SOCKET_PATH_LENGTH: the system would cut the path silently. */
export function checkPathLength(path: string): void {
  const bytes = Buffer.byteLength(path);
  if (bytes <= SOCKET_PATH_BYTES_MAX) return;
  const hint = `${path} has ${bytes} bytes, at most ${SOCKET_PATH_BYTES_MAX} are allowed.`;
  throw new LinkFault('LINK_SOCKET_PATH_LENGTH', `${hint} Choose a shorter directory.`);
}

/** Only a refused connection proves that nobody listens; a full backlog does not. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT');
    });
  });
}
