/** Containers of a lease as text for people: how each went, and what it used. */
import { formatDuration } from '@sparegrid/sdk/duration';
import type { ContainerHistory, UsageSample } from '../container-history.ts';
import { shortName } from './log-text.ts';
import { tableText } from './print.ts';
import { sizeText } from './size-text.ts';

export function historiesText(histories: readonly ContainerHistory[], nowMs: number): string {
  const header = ['CONTAINER', 'STATE', 'RAN', 'RESTARTS', 'CPU', 'MEMORY', 'STORAGE', 'IN', 'OUT'];
  const rows = histories.map((history) => [
    shortName(history.container),
    stateText(history),
    ranText(history, nowMs),
    String(history.restarts),
    ...usageCells(history),
  ]);
  return tableText(header, rows);
}

function stateText({ state, exitCode, reason }: ContainerHistory): string {
  if (state === 'start-failed') return reason === null ? 'start failed' : `start failed: ${reason}`;
  if (state !== 'exited') return state;
  const why = reason === null || reason === 'exit' ? '' : `, ${reason}`;
  return exitCode === null ? `ended${why}` : `exited ${exitCode}${why}`;
}

function ranText({ startedAtMs, finishedAtMs }: ContainerHistory, nowMs: number): string {
  if (startedAtMs === null) return '-';
  return formatDuration(Math.max(0, Math.round((finishedAtMs ?? nowMs) - startedAtMs)));
}

/** Cpu and memory at most, of the others the last. */
function usageCells({ usage }: ContainerHistory): string[] {
  const last = usage.at(-1);
  if (!last) return ['-', '-', '-', '-', '-'];
  const most = (of: (sample: UsageSample) => number) => Math.max(...usage.map(of));
  return [
    `${most(({ cpuMillicores }) => cpuMillicores)}m`,
    sizeText(most(({ memoryBytes }) => memoryBytes)),
    sizeText(last.storageBytes),
    sizeText(last.receivedBytes),
    sizeText(last.sentBytes),
  ];
}
