/** What happened to the containers of a lease and what they used, from the records of its hub. */
import type { KeptChunk } from '@sparegrid/core/messages';
import type { ContainerId } from '@sparegrid/core/units/ids';
import { linesOf } from './output/log-text.ts';

/** One look at a container while it ran. @patent [0063] MON-2 */
export interface UsageSample {
  atMs: number;
  cpuMillicores: number;
  cpuMs: number;
  memoryBytes: number;
  storageBytes: number;
  receivedBytes: number;
  sentBytes: number;
}

export interface ContainerHistory {
  container: ContainerId;
  state: 'created' | 'running' | 'stopping' | 'exited' | 'start-failed';
  /** Of the last start. */
  startedAtMs: number | null;
  finishedAtMs: number | null;
  exitCode: number | null;
  /** Why it ended, or what kept it from starting. */
  reason: string | null;
  restarts: number;
  usage: UsageSample[];
}

/** A line of the stream `life`. */
interface LifeLine {
  atMs: number;
  event: string;
  attempt: number;
  exitCode?: number | null;
  reason?: string;
  error?: string;
}

/** By container id. */
export async function historiesOf(
  life: AsyncIterable<KeptChunk>,
  usage: AsyncIterable<KeptChunk>,
): Promise<ContainerHistory[]> {
  const found = new Map<ContainerId, ContainerHistory>();
  const of = (container: ContainerId) => {
    const known = found.get(container) ?? newHistory(container);
    found.set(container, known);
    return known;
  };
  for await (const { container, text } of linesOf(life)) {
    const line = parse<LifeLine>(text);
    if (line) note(of(container), line);
  }
  for await (const { container, text } of linesOf(usage)) {
    const sample = parse<UsageSample>(text);
    if (sample) of(container).usage.push(sample);
  }
  return [...found.values()].sort((a, b) => (a.container < b.container ? -1 : 1));
}

function newHistory(container: ContainerId): ContainerHistory {
  const never = { startedAtMs: null, finishedAtMs: null, exitCode: null, reason: null };
  return { container, state: 'created', ...never, restarts: 0, usage: [] };
}

function note(history: ContainerHistory, line: LifeLine): void {
  const { event, atMs, attempt, exitCode = null, reason, error } = line;
  history.restarts = Math.max(history.restarts, attempt);
  if (event === 'started') {
    Object.assign(history, { state: 'running', startedAtMs: atMs, finishedAtMs: null });
    Object.assign(history, { exitCode: null, reason: null });
  } else if (event === 'stopping') history.state = 'stopping';
  else if (event === 'exited' || event === 'start-failed') {
    Object.assign(history, { state: event, finishedAtMs: atMs, exitCode });
    history.reason = reason ?? error ?? null;
  }
}

/** The lessor's agent wrote it: what cannot be read is passed over. */
function parse<T extends { atMs: number }>(text: string): T | undefined {
  try {
    const value = JSON.parse(text) as T | null;
    return typeof value?.atMs === 'number' ? value : undefined;
  } catch {
    return undefined;
  }
}
