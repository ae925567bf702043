/** Loaded before the simulator: makes every import of the core come from the folder in CORE_COPY. */
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const PREFIX = '@sparegrid/core/';
const copy = process.env['CORE_COPY'];
if (copy === undefined) throw new Error('CORE_COPY: expected the folder of a copy of the core');

registerHooks({
  resolve(specifier, context, next) {
    if (!specifier.startsWith(PREFIX)) return next(specifier, context);
    const file = join(copy, 'src', `${specifier.slice(PREFIX.length)}.ts`);
    return { url: pathToFileURL(file).href, shortCircuit: true };
  },
});
