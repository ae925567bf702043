/** Processor time that processes have used: what a result costs, however busy the machine is. */
import { readFileSync } from 'node:fs';

/** `USER_HZ` of Linux. */
const TICKS_PER_SECOND = 100;

/** Milliseconds of user and system time of all threads of these processes so far. */
export function cpuMsOf(pids: readonly number[]): number {
  let ticks = 0;
  for (const pid of pids) {
    // The name of the program, in parentheses, may hold anything; what follows it does not.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return (ticks * 1_000) / TICKS_PER_SECOND;
}
