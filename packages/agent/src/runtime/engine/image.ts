/** Finds the image of a task: here already, or fetched; from then on it is known by its digest. */
import { existsSync, readFileSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import type { RegistryLogin } from '@sparegrid/core/order/buy-order';
import type Docker from 'dockerode';
import { type Engine, unlessMissing } from './engine.ts';

export interface FoundImage {
  /** Id of the image's content: a tag may be moved, this may not. */
  id: string;
  /** As registries name it; the id for an image that was built here. */
  digest: string;
  /** The user that the image asks for; empty for root. */
  user: string;
}

export interface ImageWanted {
  reference: string;
  /** Of the task, for a private registry. */
  login: RegistryLogin | null;
  /** Id of the image of an earlier attempt: a tag that was moved since changes nothing. */
  pinned: string | null;
}

/** A tag is looked up once per container; what one task's login fetched is nobody else's. */
export class Images {
  readonly #engine: Engine;
  readonly #path: string;
  /** Ids of images that were fetched with a login. */
  readonly #guarded: Set<string>;

  /** @param path  of the file that remembers which images need a login. */
  constructor(engine: Engine, path: string) {
    this.#engine = engine;
    this.#path = path;
    this.#guarded = new Set(existsSync(path) ? readFileSync(path, 'utf8').split('\n') : []);
  }

  /**
   * One that is here is taken as it is, unless it takes a login to fetch it: then the registry is
   * asked with the login of this task, or without one.
   *
   * @throws whatever the engine says when the image cannot be had.
   */
  async find(wanted: ImageWanted, signal: AbortSignal): Promise<FoundImage> {
    const { login, pinned } = wanted;
    const before = pinned && (await inspectImage(this.#engine, pinned));
    if (before) return before;
    const reference = tagged(wanted.reference);
    const here = await inspectImage(this.#engine, reference);
    const isFree = here && login === null && !this.#guarded.has(here.id);
    const found = isFree ? here : await this.#fetch(reference, login, signal);
    if (pinned !== null && found.id !== pinned) {
      throw new Error(`${reference} is not the image any more that it was at the first start`);
    }
    return found;
  }

  async #fetch(reference: string, login: RegistryLogin | null, signal: AbortSignal) {
    await pull(this.#engine.docker, reference, login, signal);
    const fetched = await inspectImage(this.#engine, reference);
    if (!fetched) throw new Error(`${reference} was fetched, but is not there`);
    if (login !== null && !this.#guarded.has(fetched.id)) {
      await appendFile(this.#path, `${fetched.id}\n`, { mode: 0o600, flush: true });
      this.#guarded.add(fetched.id);
    }
    return fetched;
  }
}

/** Engines take a name without a tag for all its tags. */
function tagged(reference: string): string {
  const name = reference.slice(reference.lastIndexOf('/') + 1);
  return /[:@]/.test(name) || /^[0-9a-f]{64}$/.test(name) ? reference : `${reference}:latest`;
}

async function inspectImage(engine: Engine, reference: string): Promise<FoundImage | undefined> {
  const found = await engine
    .call((docker) => docker.getImage(reference).inspect())
    .catch(unlessMissing);
  if (!found) return undefined;
  const digests = found.RepoDigests ?? [];
  const digest = digests.find((one) => one === reference) ?? digests[0] ?? found.Id;
  return { id: found.Id, digest, user: found.Config?.User ?? '' };
}

async function pull(
  docker: Docker,
  reference: string,
  login: RegistryLogin | null,
  signal: AbortSignal,
): Promise<void> {
  const options = login
    ? {
        authconfig: {
          username: login.username,
          password: login.password,
          serveraddress: login.address,
        },
      }
    : {};
  const progress = await docker.pull(reference, options);
  const stop = () => (progress as NodeJS.ReadableStream & { destroy(): void }).destroy();
  signal.addEventListener('abort', stop);
  try {
    await new Promise<void>((resolve, reject) => {
      docker.modem.followProgress(progress, (error) => (error ? reject(error) : resolve()));
      signal.addEventListener('abort', () => reject(new Error('stopped while it was fetched')));
    });
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
