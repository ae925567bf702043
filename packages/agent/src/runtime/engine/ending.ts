/** Ends all containers of an agent that ends itself: an engine under load still starts some, or refuses. */
import { setTimeout as sleep } from 'node:timers/promises';

/** What was under way may take so long before all is removed. */
const START_MS = 3_000;
/** Until an engine that refused to remove something is asked again. */
const AGAIN_MS = 200;

/** Of its containers at the engine. */
export interface Owned {
  Id: string;
  State: string;
}

export interface Endable {
  /** Resolves when nothing that was asked for is under way any more. */
  settled(): Promise<unknown>;
  /** Something may still be made. */
  isStarting(): boolean;
  list(): Promise<Owned[]>;
  remove(container: Owned): Promise<void>;
  failed(container: Owned, error: unknown): void;
}

export class Ending {
  /** Ids of those that were there at the last look. */
  left: string[] = [];
  readonly #containers: Endable;

  constructor(containers: Endable) {
    this.#containers = containers;
  }

  /** Looks again and again until none is left, also of those that were just being started. */
  async run(): Promise<void> {
    const containers = this.#containers;
    for (;;) {
      await isInTime(containers.settled(), START_MS);
      const found = await containers.list();
      this.left = found.map(({ Id }) => Id);
      if (found.length === 0 && !containers.isStarting()) return;
      const removals = found.map((one) => containers.remove(one));
      const refused = (await Promise.allSettled(removals)).map((result, at) => {
        if (result.status === 'fulfilled') return false;
        containers.failed(found[at] as Owned, result.reason);
        return true;
      });
      if (refused.includes(true)) await sleep(AGAIN_MS);
    }
  }
}

/** Waits for work, but no longer than this. @throws what the work throws */
export async function isInTime(work: Promise<unknown>, ms: number): Promise<boolean> {
  const over = new AbortController();
  const late = sleep(ms, false, { signal: over.signal }).catch(() => false);
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    over.abort();
  }
}
