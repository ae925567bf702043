/** What `sparegrid doctor` looks at: each line says what is there, or what is missing and what for. */
import { execFile } from 'node:child_process';
import { readFile, statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { promisify } from 'node:util';
import { chosenContext } from '../contexts.ts';
import { findDocker } from '../devnet/runtime-choice.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { CliFault } from '../fault.ts';
import { emit } from '../output/emit.ts';
import { tableText } from '../output/print.ts';
import { sizeText } from '../output/size-text.ts';
import type { HubOptions } from './options.ts';

const NODE_MAJOR = 24;
const DISK_BYTES_MIN = 1_073_741_824;
/** Nothing is waited for longer. */
const WAIT_MS = 5_000;
/** Hubs accept clocks that differ by ten minutes; a minute is a sign of trouble to come. */
const CLOCK_MS_MAX = 60_000;

interface Finding {
  what: string;
  /** `missing` matters to those only who need it; `wrong` is in everybody's way. */
  state: 'ok' | 'missing' | 'wrong';
  detail: string;
}

export async function examine(options: HubOptions): Promise<void> {
  const findings = await Promise.all([
    node(),
    docker(),
    podman(),
    cgroups(),
    disk(),
    ports(),
    hub(options),
    clock(options),
  ]);
  await emit(options.output, findings, {
    table: () =>
      tableText(
        ['WHAT', 'STATE', 'DETAIL'],
        findings.map(({ what, state, detail }) => [what, state, detail]),
      ),
    names: () => findings.filter(({ state }) => state !== 'ok').map(({ what }) => what),
  });
  if (findings.some(({ state }) => state === 'wrong')) process.exitCode = EXIT_CODES.failed;
}

async function node(): Promise<Finding> {
  const major = Number(process.versions.node.split('.')[0]);
  const isGood = major >= NODE_MAJOR;
  const detail = isGood ? process.version : `${process.version}; Node ${NODE_MAJOR} is needed`;
  return { what: 'node', state: isGood ? 'ok' : 'wrong', detail };
}

/** As the devnet would choose it, so that both always say the same. */
async function docker(): Promise<Finding> {
  const found = await findDocker();
  return found.kind === 'docker'
    ? { what: 'docker', state: 'ok', detail: found.why }
    : { what: 'docker', state: 'missing', detail: `${found.why}; needed to isolate what is lent` };
}

async function podman(): Promise<Finding> {
  const what = 'podman';
  try {
    const run = promisify(execFile);
    // `podman version` would leave a process of its own behind, without root.
    const { stdout } = await run('podman', ['--version'], { timeout: WAIT_MS });
    return { what, state: 'ok', detail: stdout.trim().split(' ').at(-1) ?? '' };
  } catch (error) {
    const { code, stderr = '' } = error as { code?: unknown; stderr?: string };
    const why = code === 'ENOENT' ? 'not installed' : (stderr.trim().split('\n').at(-1) ?? '');
    return { what, state: 'missing', detail: `${why}; needed to lend with podman` };
  }
}

/** Of either version: container engines work with both. */
async function cgroups(): Promise<Finding> {
  const what = 'cgroups';
  const second = await readFile('/sys/fs/cgroup/cgroup.controllers', 'utf8').catch(() => '');
  const first = await readFile('/proc/self/cgroup', 'utf8').catch(() => '');
  const found = second.trim().split(' ');
  // `4:cpu,cpuacct:/`: a hierarchy of the first version.
  for (const [, names = ''] of first.matchAll(/^[0-9]+:([^:]+):/gm))
    found.push(...names.split(','));
  const needed = ['cpu', 'memory', 'pids'];
  const lacking = needed.filter((name) => !found.includes(name));
  if (lacking.length === 0) return { what, state: 'ok', detail: `can limit ${needed.join(', ')}` };
  const detail = `no ${lacking.join(', ')}; needed to limit containers`;
  return { what, state: 'missing', detail };
}

async function disk(): Promise<Finding> {
  const { bavail, bsize } = await statfs('.');
  const freeBytes = bavail * bsize;
  const state = freeBytes >= DISK_BYTES_MIN ? 'ok' : 'wrong';
  const need = state === 'ok' ? '' : '; hubs and agents need 1Gi';
  return { what: 'disk', state, detail: `${sizeText(freeBytes)} free here${need}` };
}

async function ports(): Promise<Finding> {
  const { promise, resolve } = Promise.withResolvers<Finding>();
  const server = createServer();
  server.on('error', ({ message }) => resolve({ what: 'ports', state: 'wrong', detail: message }));
  server.listen(0, '127.0.0.1', () => {
    server.close(() =>
      resolve({ what: 'ports', state: 'ok', detail: 'loopback can be listened on' }),
    );
  });
  return promise;
}

async function hub(options: HubOptions): Promise<Finding> {
  const what = 'hub';
  try {
    const context = chosenContext(options);
    const response = await healthOf(context.url);
    const said = (await response.json()) as { hub?: string };
    if (said.hub === context.hub)
      return { what, state: 'ok', detail: `${context.hub} at ${context.url}` };
    return { what, state: 'wrong', detail: `${context.url} is ${said.hub}, not ${context.hub}` };
  } catch (error) {
    const detail =
      error instanceof CliFault ? error.hint : `no answer; ${(error as Error).message}`;
    return { what, state: 'missing', detail };
  }
}

async function clock(options: HubOptions): Promise<Finding> {
  const what = 'clock';
  try {
    const response = await healthOf(chosenContext(options).url);
    const awayMs = Math.abs(Date.now() - Date.parse(response.headers.get('date') ?? ''));
    const detail = `${Math.round(awayMs / 1_000)} s away from the hub's`;
    return { what, state: awayMs <= CLOCK_MS_MAX ? 'ok' : 'wrong', detail };
  } catch {
    return { what, state: 'missing', detail: 'no hub to compare with' };
  }
}

function healthOf(url: string): Promise<Response> {
  return fetch(`${url}/v1/health`, { signal: AbortSignal.timeout(WAIT_MS) });
}
