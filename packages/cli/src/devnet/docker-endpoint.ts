/** Where the docker command would look for its daemon: so does the devnet. */
import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const DEFAULT = 'unix:///var/run/docker.sock';

export interface Endpoint {
  /** `unix://...`, or another host that a devnet cannot use. */
  host: string;
  /** Who says so. */
  by: string;
}

/** `DOCKER_HOST`, else the context of `DOCKER_CONTEXT` or of docker's configuration, else the default. */
export function dockerEndpoint(env: NodeJS.ProcessEnv = process.env): Endpoint {
  const { DOCKER_HOST, DOCKER_CONTEXT, DOCKER_CONFIG } = env;
  if (DOCKER_HOST) return { host: DOCKER_HOST, by: 'DOCKER_HOST' };
  const folder = DOCKER_CONFIG || join(homedir(), '.docker');
  const context =
    DOCKER_CONTEXT || (readJson(join(folder, 'config.json'))?.['currentContext'] ?? '');
  if (typeof context !== 'string' || context === '' || context === 'default') {
    return { host: DEFAULT, by: "docker's default" };
  }
  const name = hash('sha256', context, 'hex');
  const meta = readJson(join(folder, 'contexts', 'meta', name, 'meta.json'));
  const { docker } = (meta?.['Endpoints'] ?? {}) as { docker?: { Host?: string } };
  return { host: docker?.Host ?? '', by: `docker context ${context}` };
}

/** Undefined when there is none, or none that can be read. */
function readJson(file: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
