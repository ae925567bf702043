/** Finds the name that was probably meant. */

const STEPS_MAX = 2;

/** The known name that differs by case, `_` or `-`, or by two letters at most; undefined if none. */
export function nearestName(given: string, known: readonly string[]): string | undefined {
  const plain = (name: string) => name.toLowerCase().replace(/[^a-z0-9]/g, '');
  const wanted = plain(given);
  if (wanted === '' || given.length > 64) return undefined;
  const ranked = known
    .map((name) => ({ name, steps: stepsBetween(wanted, plain(name)) }))
    .sort((a, b) => a.steps - b.steps);
  const [best] = ranked;
  // Of a short name two letters are most of it.
  return best && best.steps <= Math.min(STEPS_MAX, wanted.length / 3) ? best.name : undefined;
}

/** Letters to add, remove or replace. */
function stepsBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
