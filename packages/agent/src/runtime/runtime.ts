/** What the agent asks of any container runtime, and what it hears from it. */
import type { DesiredContainer } from '@sparegrid/core/messages';
import type { ContainerId } from '@sparegrid/core/units/ids';

/** Facts about containers, in the form that the participant core takes them. */
export type RuntimeEvent =
  | { kind: 'container-started'; id: ContainerId }
  | {
      kind: 'container-exited';
      id: ContainerId;
      /** Null when nobody saw it: killed, or never run. */
      exitCode: number | null;
      reason: 'exit' | 'stopped' | 'start-failed';
    }
  | { kind: 'log'; container: ContainerId; stream: 'stdout' | 'stderr'; text: string };

/** Resolves when there is room for more: log readers wait for it. */
export type Report = (event: RuntimeEvent) => Promise<void>;

/** A container that the core knows of from before a restart. */
export interface KnownContainer {
  id: ContainerId;
  /** Last log chunk of it that is stored for good; the next one must continue there. */
  logSeq: number;
  /** The core told to stop it; whether that came through before the restart is not known. */
  stopping: boolean;
}

/**
 * Every container is started at most once, over crashes of the agent too. For each one that was
 * started or adopted, `container-exited` comes exactly once per life of the agent, after its last
 * output.
 */
export interface Runtime {
  /** Prefixes of the images that can run here. */
  readonly images: string[];
  /**
   * Takes over what runs from an earlier life of the agent: reports what still runs as started,
   * what ended meanwhile or never began as exited, and removes what the core does not know.
   */
  adopt(known: readonly KnownContainer[]): Promise<void>;
  start(container: DesiredContainer): void;
  /** Asks it to end, and kills it when it has not after the stop time. */
  stop(id: ContainerId): void;
  /** Removes what an ended container left behind. */
  forget(id: ContainerId): void;
  /** The log chunk `seq` and those before it have arrived. */
  logAcked(id: ContainerId, seq: number): void;
  /** Lets go of everything; containers run on. */
  close(): Promise<void>;
}
