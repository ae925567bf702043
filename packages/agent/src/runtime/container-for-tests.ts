/** A container as a hub would want it, small enough for any machine. */
import type { DesiredContainer } from '@sparegrid/core/messages';

const MIB = 1_048_576;

export interface Wanted {
  image: string;
  /** Becomes the private part of the task. */
  task: { command: readonly string[]; env?: Record<string, string>; registry?: object };
  over?: Partial<DesiredContainer>;
}

/** @param id  of the container: its part, a dot and its number. */
export function containerForTests(
  id: string,
  { image, task, over = {} }: Wanted,
): DesiredContainer {
  return {
    id,
    attempt: 0,
    part: id.slice(0, id.lastIndexOf('.')),
    rank: 0,
    size: 1,
    lotId: 'm1',
    amounts: {
      cpuMillicores: 500,
      memoryBytes: 64 * MIB,
      storageBytes: 24 * MIB,
      bandwidthBitsPerSecond: 0,
    },
    devices: [],
    task: {
      public: { image, architecture: null, egress: false, capabilities: [] },
      privateDigest: '',
    },
    taskPrivate: JSON.stringify({ env: {}, ...task }),
    release: null,
    durationMs: 60_000,
    startGraceMs: 60_000,
    stopAfterMs: 60_000,
    running: true,
    ...over,
  };
}
