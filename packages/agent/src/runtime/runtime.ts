/** What the agent asks of any container runtime, and what it hears from it. */
import type { DesiredContainer, LogChunk, RuntimeReason } from '@sparegrid/core/messages';
import type { ContainerId } from '@sparegrid/core/units/ids';

/** Facts about containers, in the form that the participant core takes them. */
export type RuntimeEvent =
  | { kind: 'container-started'; id: ContainerId }
  | {
      kind: 'container-exited';
      id: ContainerId;
      /** Null when nobody saw it: killed, or never run. */
      exitCode: number | null;
      reason: RuntimeReason;
    }
  /** The answer to `collect`: everything that it leaves was handed over. */
  | { kind: 'container-closed'; id: ContainerId }
  | {
      kind: 'log';
      container: ContainerId;
      stream: LogChunk['stream'];
      text: string;
      /** Counts the chunks of the container from 1. */
      seq: number;
      /** Bytes of the stream before this chunk. */
      offset: number;
    };

/** Resolves when there is room for more: log readers wait for it. */
export type Report = (event: RuntimeEvent) => Promise<void>;

/** A container that the core knows of from before a restart. */
export interface KnownContainer {
  id: ContainerId;
  /** The start that the core ordered last. */
  attempt: number;
  /** Last log chunk of it that is stored for good; the next one must continue there. */
  logSeq: number;
  /**
   * The core told to stop it, with this grace; whether that came through before the restart is not
   * known. Null: it shall run.
   */
  stopGraceMs: number | null;
}

/** What one container uses. @patent [0063] MON-2 */
export interface ContainerUsage {
  /** Processor time since its start, over all processors. */
  cpuMs: number;
  memoryBytes: number;
  /** Of the storage it was given. */
  storageBytes: number;
  /** Taken off the machine's disk for it, used or not. */
  diskBytes: number;
  /** Since its start. */
  receivedBytes: number;
  sentBytes: number;
}

/**
 * Every attempt of a container is started at most once, over crashes of the agent too. For each one
 * that was started or adopted, `container-exited` comes exactly once per life of the agent, after its
 * last output.
 *
 * @patent [0044] [0061] C2.1 CLU-7
 */
export interface Runtime {
  /** Prefixes of the images that can run here; none: any image. */
  readonly images: string[];
  /** Whether containers that ask for it reach the outside. */
  readonly egress: boolean;
  /**
   * Takes over what runs from an earlier life of the agent: reports what still runs as started,
   * what ended meanwhile or never began as exited, and removes what the core does not know.
   */
  adopt(known: readonly KnownContainer[]): Promise<void>;
  /** Starts it, or starts it again by a higher attempt; what it left before stays. */
  start(container: DesiredContainer): void;
  /** Asks it to end, and kills it when it has not after the grace. */
  stop(id: ContainerId, graceMs: number): void;
  /** It ended for good: hands over its result directory, then says `container-closed`. */
  collect(id: ContainerId): void;
  /** Removes what an ended container left behind. */
  forget(id: ContainerId): void;
  /** The log chunk `seq` and those before it have arrived. */
  logAcked(id: ContainerId, seq: number): void;
  /** Null for what does not run. */
  usage(id: ContainerId): Promise<ContainerUsage | null>;
  /** Adds a line about the container to what its hubs are told. */
  note(id: ContainerId, stream: 'life' | 'usage', line: object): void;
  /** Lets go of everything; containers run on. */
  close(): Promise<void>;
}
