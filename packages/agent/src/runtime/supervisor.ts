/** Starts the small shell that runs one program, outlives the agent and keeps the exit code. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

/**
 * Arguments: the container's directory, then the program and its arguments.
 *
 * It waits for a line from the agent before it runs anything: when the agent dies before the
 * supervisor's identity is durable, the pipe closes and the program never runs. It survives SIGTERM,
 * so that it can write the exit code of a program that was stopped. The final kill takes along
 * whatever the program left behind in its group, the supervisor itself included.
 */
const SCRIPT = `
trap : TERM INT HUP
read -r go || exit 0
directory=$1
shift
: >"$directory/started"
"$@" </dev/null >>"$directory/out" 2>>"$directory/err"
code=$?
echo "$code" >"$directory/exit.tmp" && mv "$directory/exit.tmp" "$directory/exit"
kill -KILL 0
`;

export interface Supervised {
  directory: string;
  program: string;
  args: readonly string[];
  env: Readonly<Record<string, string>>;
  /** Working directory of the program. */
  work: string;
}

export interface Supervisor {
  pid: number;
  /** Lets the program run. */
  release(): void;
  /** Lets the supervisor end without running anything. */
  abandon(): void;
  /** Resolves when the supervisor is gone. */
  gone: Promise<void>;
}

/**
 * Starts a supervisor in a process group of its own that waits for {@link Supervisor.release}.
 *
 * @throws whatever the system says when it cannot be started.
 */
export async function startSupervisor(supervised: Supervised): Promise<Supervisor> {
  const { directory, program, args, env, work } = supervised;
  const child = spawn('/bin/sh', ['-c', SCRIPT, 'sparegrid', directory, program, ...args], {
    cwd: work,
    env,
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  await once(child, 'spawn');
  return {
    pid: child.pid as number,
    release: () => endInput(child, 'go\n'),
    abandon: () => endInput(child, ''),
    gone: new Promise((resolve) => child.once('exit', () => resolve())),
  };
}

function endInput(child: ChildProcess, text: string): void {
  // A supervisor that is gone already shows by its exit, not by this pipe.
  child.stdin?.on('error', () => {});
  child.stdin?.end(text);
}
