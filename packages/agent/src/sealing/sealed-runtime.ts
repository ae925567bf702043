/** A runtime behind seals: tasks are opened for it, and what its programs leave is sealed for their lessees. */
import { hash, type KeyObject } from 'node:crypto';
import type { DesiredContainer } from '@sparegrid/core/messages';
import type { ContainerId } from '@sparegrid/core/units/ids';
import type { Logger } from '@sparegrid/link/daemon/logger';
import { isReadable, OutputSealer } from '@sparegrid/link/sealing/output-seal';
import type { Key } from '@sparegrid/link/sealing/primitives';
import { agentKey, openRelease, openTask, type PartKeys } from '@sparegrid/link/sealing/task-seal';
import type {
  ContainerUsage,
  KnownContainer,
  Report,
  Runtime,
  RuntimeEvent,
} from '../runtime/runtime.ts';

export interface SealedRuntimeSettings {
  /** The agent's X25519 key. */
  sealKey: KeyObject;
  report: Report;
  logger: Logger;
  /** Opens the runtime itself, which knows nothing of seals. */
  open(report: Report): Promise<Runtime>;
}

/**
 * The one way from a hub to a program and back: without the lessee's key nothing starts, and nothing
 * that a program leaves goes out unsealed. Who runs this machine can read both while it runs.
 *
 * @patent [0077] SEC-2
 */
export class SealedRuntime implements Runtime {
  readonly images: string[];
  readonly egress: boolean;
  readonly #key: Key;
  readonly #inner: Runtime;
  readonly #desired: Map<ContainerId, DesiredContainer>;
  readonly #sealers: Sealers;
  readonly #report: Report;
  readonly #logger: Logger;
  /** Tasks that are being opened: what is told of their containers meanwhile waits its turn. */
  readonly #work = new Map<ContainerId, Promise<void>>();

  private constructor(
    key: Key,
    inner: Runtime,
    desired: Map<ContainerId, DesiredContainer>,
    sealers: Sealers,
    { report, logger }: SealedRuntimeSettings,
  ) {
    this.images = inner.images;
    this.egress = inner.egress;
    this.#key = key;
    this.#inner = inner;
    this.#desired = desired;
    this.#sealers = sealers;
    this.#report = report;
    this.#logger = logger;
  }

  /** @param known  what the agent shall run already, from before a restart. */
  static async open(
    settings: SealedRuntimeSettings,
    known: Iterable<DesiredContainer>,
  ): Promise<SealedRuntime> {
    const { d } = settings.sealKey.export({ format: 'jwk' });
    const key = await agentKey(d ?? '');
    const desired = new Map([...known].map((container) => [container.id, container]));
    const sealers = new Sealers(key, desired, settings);
    const inner = await settings.open((event) => sealers.report(event));
    return new SealedRuntime(key, inner, desired, sealers, settings);
  }

  adopt(known: readonly KnownContainer[]): Promise<void> {
    return this.#inner.adopt(known);
  }

  start(container: DesiredContainer): void {
    const { id } = container;
    this.#desired.set(id, container);
    this.#do(id, async () => {
      try {
        const taskPrivate = await openedTask(this.#key, container);
        this.#inner.start({ ...container, taskPrivate, release: null });
      } catch (error) {
        this.#logger.warn('task.not-opened', { id, error: String(error) });
        const event = { kind: 'container-exited', id, exitCode: null } as const;
        await this.#report({ ...event, reason: 'key-invalid' });
      }
    });
  }

  stop(id: ContainerId, graceMs: number): void {
    this.#inOrder(id, () => this.#inner.stop(id, graceMs));
  }

  collect(id: ContainerId): void {
    this.#inOrder(id, () => this.#inner.collect(id));
  }

  forget(id: ContainerId): void {
    this.#inOrder(id, () => {
      this.#desired.delete(id);
      this.#sealers.forget(id);
      this.#inner.forget(id);
    });
  }

  logAcked(id: ContainerId, seq: number): void {
    this.#inner.logAcked(id, seq);
  }

  usage(id: ContainerId): Promise<ContainerUsage | null> {
    return this.#inner.usage(id);
  }

  note(id: ContainerId, stream: 'life' | 'usage', line: object): void {
    this.#inner.note(id, stream, line);
  }

  async close(): Promise<void> {
    await Promise.all(this.#work.values());
    await this.#inner.close();
  }

  #inOrder(id: ContainerId, act: () => void): void {
    if (this.#work.has(id)) this.#do(id, async () => act());
    else act();
  }

  #do(id: ContainerId, work: () => Promise<void>): void {
    const done = (this.#work.get(id) ?? Promise.resolve()).then(work);
    this.#work.set(id, done);
    void done.finally(() => {
      if (this.#work.get(id) === done) this.#work.delete(id);
    });
  }
}

/** @throws when no key came that opens this task, or it is not the one that was ordered */
async function openedTask(key: Key, container: DesiredContainer): Promise<string> {
  const { task, taskPrivate } = container;
  const { content } = await openedKeys(key, container);
  const digest = `sha256:${hash('sha256', taskPrivate ?? '', 'hex')}`;
  if (digest !== task.privateDigest) throw new Error('not the task of the order');
  return openTask(content, task.sealKey ?? '', taskPrivate ?? '');
}

async function openedKeys(key: Key, { part, task, release }: DesiredContainer): Promise<PartKeys> {
  if (release === null) throw new Error('no key was released');
  return openRelease(key, part, task, release);
}

/** Seals what containers leave, each in this life of the agent under a key of its own. */
class Sealers {
  readonly #key: Key;
  readonly #desired: ReadonlyMap<ContainerId, DesiredContainer>;
  readonly #settings: SealedRuntimeSettings;
  readonly #made = new Map<ContainerId, Promise<OutputSealer | null>>();

  constructor(
    key: Key,
    desired: ReadonlyMap<ContainerId, DesiredContainer>,
    settings: SealedRuntimeSettings,
  ) {
    this.#key = key;
    this.#desired = desired;
    this.#settings = settings;
  }

  async report(event: RuntimeEvent): Promise<void> {
    if (event.kind !== 'log' || isReadable(event.stream)) return this.#settings.report(event);
    const sealer = await this.#sealerOf(event.container);
    // Its key is lost: the chunk keeps its number, and nothing of it goes out.
    const text = sealer ? await sealer.seal(event) : '';
    return this.#settings.report({ ...event, text });
  }

  forget(id: ContainerId): void {
    this.#made.delete(id);
  }

  #sealerOf(id: ContainerId): Promise<OutputSealer | null> {
    const made = this.#made.get(id) ?? this.#make(id);
    this.#made.set(id, made);
    return made;
  }

  async #make(id: ContainerId): Promise<OutputSealer | null> {
    try {
      const container = this.#desired.get(id);
      if (!container) throw new Error('unknown container');
      const { output } = await openedKeys(this.#key, container);
      return await OutputSealer.of(output, id);
    } catch (error) {
      this.#settings.logger.error('output.not-sealed', { id, error: String(error) });
      return null;
    }
  }
}
