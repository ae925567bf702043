/** Signals to processes that may be ending by themselves. */

/** @param pid  negative: to its group. Nothing happens when nobody of that number is left. */
export function sendSignal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
