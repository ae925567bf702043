/** Which commands start from few files, made beforehand by `scripts/quick.mjs`, and when these are good. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** What people type and wait for; the others are loaded module by module. */
export const QUICK_COMMANDS = ['run', 'order', 'lease', 'result', 'offer', 'resource'];
/** Stands in the folder of a checkout: sources with their stamps. */
export const INPUTS = 'inputs.json';

/**
 * The joined command line, when `args` name a quick command and nothing changed since it was made.
 *
 * @returns {string | undefined}
 */
export function quickMain(
  /** @type {string} */ folder,
  /** @type {readonly string[]} */ args,
  /** @type {boolean} */ isCheckout,
) {
  const command = args.find((arg) => !arg.startsWith('-')) ?? '';
  if (!QUICK_COMMANDS.includes(command)) return undefined;
  const main = join(folder, 'quick/main.js');
  return (isCheckout ? isFresh(folder) : existsSync(main)) ? main : undefined;
}

/** True when they were made of the sources as they are now. */
export function isFresh(/** @type {string} */ folder) {
  try {
    const text = readFileSync(join(folder, 'quick', INPUTS), 'utf8');
    /** @type {Record<string, string>} */
    const stamps = JSON.parse(text);
    return Object.entries(stamps).every(([path, stamp]) => stampOf(join(folder, path)) === stamp);
  } catch {
    return false;
  }
}

/** Another one after every change. */
export function stampOf(/** @type {string} */ path) {
  const { mtimeMs, size } = statSync(path);
  return `${mtimeMs} ${size}`;
}
