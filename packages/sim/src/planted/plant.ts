/** A fault to be planted in a copy of the core: which lines become which others. */

export interface Edit {
  /** Below `packages/core/src`. */
  file: string;
  /** Text that occurs once; runs of white space match any white space. */
  find: string;
  replace: string;
}

export interface Plant {
  name: string;
  /** What is wrong with the planted core, in one sentence. */
  what: string;
  edits: readonly Edit[];
  /** Faults of the simulation that show it; swarm when absent. */
  faults?: 'restores';
  /** A seed that shows it, tried before the others. */
  seed?: number;
  /** Violations of which at least one must be reported. */
  caughtBy: readonly string[];
}

/**
 * Replaces what the edit names.
 *
 * @throws when the text is not there exactly once: a plant that does nothing proves nothing.
 */
export function applyEdit(source: string, { file, find, replace }: Edit): string {
  const words = find.trim().split(/\s+/);
  const pattern = words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('\\s+');
  const found = [...source.matchAll(new RegExp(pattern, 'g'))];
  if (found.length !== 1) {
    throw new Error(`${file}: expected once, found ${found.length} times: ${find}`);
  }
  return source.replace(new RegExp(pattern), () => replace);
}
