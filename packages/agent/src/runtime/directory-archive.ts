/** A directory as a tar archive, by the system's own program. */
import { spawn } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { PassThrough, type Readable } from 'node:stream';

/**
 * Names in it are relative to the directory. Null when there is nothing in it; the stream fails when
 * not everything could be read.
 */
export async function archiveOf(directory: string): Promise<Readable | null> {
  const names = await readdir(directory).catch(() => []);
  if (names.length === 0) return null;
  const tar = spawn('tar', ['-c', '-C', directory, '.'], { stdio: ['ignore', 'pipe', 'ignore'] });
  // At once: Node throws away what a child wrote that ended before anybody read.
  const archive = new PassThrough();
  tar.stdout.pipe(archive, { end: false });
  tar.on('error', (error) => archive.destroy(error));
  tar.on('close', (code) => {
    if (code === 0) archive.end();
    else archive.destroy(new Error(`tar ended with ${code}`));
  });
  return archive;
}
