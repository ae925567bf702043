/**
 * Sees that the real services of the tests are on this machine: installs them with apt where that
 * can be done (Debian, as root), and says by name what will be skipped where it cannot.
 */
import { spawnSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';

/**
 * `program` shows that the service is there; `needed` are Debian's packages.
 *
 * @type {readonly { name: string, program: string, needed: readonly string[] }[]}
 */
const SERVICES = [{ name: 'NATS', program: 'nats-server', needed: ['nats-server'] }];

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

function isThere(/** @type {string} */ program) {
  return spawnSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' }).status === 0;
}

/** Without Debian's own start of the service: tests start private ones. */
function install(/** @type {readonly string[]} */ packages) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (/** @type {string[]} */ ...args) =>
    spawnSync('apt-get', ['-qq', '-o', 'Dpkg::Use-Pty=0', ...args], {
      env,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  console.error(`installing ${packages.join(', ')} ...`);
  apt('update');
  apt('install', '-y', '--no-install-recommends', ...packages);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) ensureServices();
