/** Loaded before the simulator: the sources in the file PLANTED take the places of the core's own. */
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

const path = process.env['PLANTED'];
if (path === undefined) throw new Error('PLANTED: expected a file of sources by their addresses');
const sources: Record<string, string> = JSON.parse(readFileSync(path, 'utf8'));
const unused = new Set(Object.keys(sources));

registerHooks({
  load(url, context, next) {
    const source = sources[url];
    if (source === undefined) return next(url, context);
    unused.delete(url);
    return { format: 'module-typescript', source, shortCircuit: true };
  },
});

// A fault that is nowhere proves nothing.
process.once('exit', () => {
  if (unused.size > 0) throw new Error(`never loaded: ${[...unused].join(' ')}`);
});
