/**
 * Joins what the commands that people wait for are made of into few files: `packages/cli/quick`.
 *
 * Half of the time of such a command went into finding and loading some 220 modules, a quarter of
 * them translations of a library's messages. `sparegrid` takes these files as long as no source has
 * changed since; without them it takes the sources, and does the same.
 */
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { rolldown } from 'rolldown';
import { INPUTS, isFresh, QUICK_COMMANDS, stampOf } from '../packages/cli/bin/quick.mjs';

const ROOT = join(import.meta.dirname, '..');
const CLI = join(ROOT, 'packages/cli');
const QUICK = join(CLI, 'quick');
/** Another lockfile, other libraries. */
const LOCK = 'package-lock.json';

/** Makes them anew; whole or not at all. */
export async function makeQuick() {
  const draft = join(CLI, `.quick-${process.pid}`);
  mkdirSync(draft);
  try {
    const stamps = await joinInto(draft);
    writeFileSync(join(draft, INPUTS), JSON.stringify(stamps));
    rmSync(QUICK, { recursive: true, force: true });
    renameSync(draft, QUICK);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/** @returns stamps of the sources, by their path from the package. */
async function joinInto(/** @type {string} */ folder) {
  /** @type {Record<string, string>} */
  const stamps = {};
  const note = (/** @type {string} */ path) => {
    stamps[relative(CLI, path)] = stampOf(path);
  };
  note(join(ROOT, LOCK));
  const bundle = await rolldown({
    input: join(CLI, 'src/main.ts'),
    platform: 'node',
    external: isOfOtherCommand,
    plugins: [
      {
        name: 'inputs',
        // Noted before it is read: a change meanwhile shows.
        load: (id) => {
          if (!id.includes('/node_modules/') && !id.startsWith('\0')) note(id);
        },
      },
    ],
  });
  await bundle.write({ dir: folder, format: 'esm' });
  await bundle.close();
  return stamps;
}

/** What starts daemons, solves or replays is not in these files, nor what it loads. */
function isOfOtherCommand(/** @type {string} */ id, /** @type {string | undefined} */ importer) {
  const [, command] = /^\.\/commands\/([a-z-]+)\.ts$/.exec(id) ?? [];
  if (command === undefined || !importer?.endsWith('/program.ts')) return false;
  return !QUICK_COMMANDS.includes(command);
}

if (import.meta.main && !isFresh(CLI)) await makeQuick();
