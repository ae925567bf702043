/** Where a devnet keeps its things. */
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { NodeId } from '@sparegrid/core/units/ids';

export const DEFAULT_DIRECTORY = '.sparegrid/devnet';

export interface Layout {
  directory: string;
  /** Held while a devnet runs here. */
  lock: string;
  /** What the other commands need to reach it. */
  context: string;
  /** Sockets; outside of the directory, because the system bounds the length of their paths. */
  sockets: string;
  keyOf(node: NodeId): string;
  configOf(node: NodeId): string;
  storeOf(node: NodeId): string;
  logOf(node: NodeId): string;
  containersOf(node: NodeId): string;
}

export function layoutOf(directory: string): Layout {
  const root = resolve(directory);
  const name = createHash('sha256').update(root).digest('hex').slice(0, 12);
  const at = (folder: string, ending: string) => (node: NodeId) =>
    join(root, folder, `${node}${ending}`);
  return {
    directory: root,
    lock: join(root, 'devnet'),
    context: join(root, 'context.json'),
    sockets: join(tmpdir(), `sparegrid-${process.getuid?.() ?? 0}-${name}`),
    keyOf: at('keys', '.key'),
    configOf: at('config', '.json'),
    storeOf: at('data', '.db'),
    logOf: at('logs', '.log'),
    containersOf: at('containers', ''),
  };
}
