/** Finds the image of a task: here already, or fetched; from then on it is known by its digest. */
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

/**
 * @throws whatever the engine says when the image cannot be had.
 */
export async function findImage(
  engine: Engine,
  reference: string,
  login: RegistryLogin | null,
  signal: AbortSignal,
): Promise<FoundImage> {
  const here = await inspectImage(engine, reference);
  if (here) return here;
  await pull(engine.docker, reference, login, signal);
  const fetched = await inspectImage(engine, reference);
  if (!fetched) throw new Error(`${reference} was fetched, but is not there`);
  return fetched;
}

async function inspectImage(engine: Engine, reference: string): Promise<FoundImage | undefined> {
  const found = await engine
    .call((docker) => docker.getImage(reference).inspect())
    .catch(unlessMissing);
  if (!found) return undefined;
  const digest = found.RepoDigests?.[0] ?? found.Id;
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
