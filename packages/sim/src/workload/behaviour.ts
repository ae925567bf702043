/** How a simulated container behaves, written into the command of its task. */

export interface Behaviour {
  /** Run time until it exits by itself; null for services, which run until they are stopped. */
  runMs: number | null;
  exitCode: number;
}

export function commandOf({ runMs, exitCode }: Behaviour): string[] {
  return ['sim', runMs === null ? 'forever' : String(runMs), String(exitCode)];
}

/** Reads the behaviour back from the private part of a task, as the container would. */
export function behaviourOf(task: string): Behaviour | null {
  const { command } = JSON.parse(task) as { command: string[] };
  if (command[0] !== 'sim') return null;
  return {
    runMs: command[1] === 'forever' ? null : Number(command[1]),
    exitCode: Number(command[2]),
  };
}
