/**
 * Sees that the real services of the tests are on this machine: installs them with apt where that
 * can be done (Debian, as root), and says by name what will be skipped where it cannot.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, dirname } from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * `program` shows that the service is there; `needed` are Debian's packages.
 *
 * @type {readonly { name: string, program: string, needed: readonly string[] }[]}
 */
const SERVICES = [
  { name: 'NATS', program: 'nats-server', needed: ['nats-server'] },
  { name: 'PostgreSQL', program: 'initdb', needed: ['postgresql'] },
  { name: 'Docker', program: 'dockerd', needed: ['docker.io', 'runc', 'iptables', 'e2fsprogs'] },
  { name: 'Podman', program: 'podman', needed: ['podman', 'runc', 'e2fsprogs'] },
  { name: 'limits of bandwidth', program: 'tc', needed: ['iproute2'] },
  { name: 'a browser', program: 'chromium', needed: ['chromium'] },
  { name: 'zsh', program: 'zsh', needed: ['zsh'] },
  { name: 'fish', program: 'fish', needed: ['fish'] },
  { name: 'container images', program: 'busybox', needed: ['busybox-static'] },
];

/** Keeps PostgreSQL's package from making a cluster of its own and starting it. */
const CLUSTER_SETTINGS = '/etc/postgresql-common/createcluster.conf';
const KEEP_SETTINGS = 'Dpkg::Options::=--force-confold';

export function ensureServices() {
  const missing = SERVICES.filter(({ program }) => !isThere(program));
  if (missing.length === 0) return;
  if (process.getuid?.() === 0 && isThere('apt-get'))
    install(missing.flatMap(({ needed }) => needed));
  for (const { name, program } of missing) {
    if (isThere(program)) continue;
    console.error(`SKIPPED: tests with ${name}: there is no ${program} on this machine, and`);
    console.error('         it could not be installed with apt-get as root.');
  }
}

/** Debian keeps the programs of each version of PostgreSQL in a folder of their own. */
function isThere(/** @type {string} */ program) {
  const folders = [process.env['PATH'], ...globSync('/usr/lib/postgresql/*/bin')];
  const env = { ...process.env, PATH: folders.join(delimiter) };
  return spawnSync('sh', ['-c', `command -v ${program}`], { env, stdio: 'ignore' }).status === 0;
}

/** Without Debian's own start of the service: tests start private ones. */
function install(/** @type {readonly string[]} */ packages) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (/** @type {string[]} */ ...args) =>
    spawnSync('apt-get', ['-qq', '-o', 'Dpkg::Use-Pty=0', ...args], {
      env,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  if (packages.includes('postgresql') && !existsSync(CLUSTER_SETTINGS)) {
    mkdirSync(dirname(CLUSTER_SETTINGS), { recursive: true });
    writeFileSync(CLUSTER_SETTINGS, 'create_main_cluster = false\n');
  }
  console.error(`installing ${packages.join(', ')} ...`);
  apt('update');
  apt('install', '-y', '--no-install-recommends', '-o', KEEP_SETTINGS, ...packages);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) ensureServices();
