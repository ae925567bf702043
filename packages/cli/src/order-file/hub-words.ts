/** What a hub says of an order, in the words of the file that it was read from. */
import type { Refusal, RefusalCode } from '@sparegrid/core/refusals';
import { formatDuration } from '@sparegrid/sdk/duration';

/** Refusals that are about one field by their meaning. */
const FIELD_OF_CODE: Partial<Record<RefusalCode, string>> = {
  ORDER_COUNT: 'replicas',
  ORDER_DURATION: 'duration',
  ORDER_EXPIRED: 'expires',
  ORDER_EXPIRY: 'expires',
  ORDER_DEVICES: 'device',
  ORDER_BUDGET: 'budget',
};

/** Members of a signed order that a file calls otherwise; undefined: the file has no such level. */
const NAMES: Readonly<Record<string, string | undefined>> = {
  task: undefined,
  public: undefined,
  replica: undefined,
  count: 'replicas',
  cpuMillicores: 'cpu',
  memoryBytes: 'memory',
  storageBytes: 'storage',
  bandwidthBitsPerSecond: 'bandwidth',
  shareMilli: 'share',
  minMemoryBytes: 'minMemory',
  limitMicroPerReplicaHour: 'limitPerHour',
  budgetMicro: 'budget',
  durationMs: 'duration',
  expiresAtMs: 'expires',
  stopAfterMs: 'stopAfter',
};

/** The field that a refusal is about, as a path in the file; and the rest of what it says. */
export function inWordsOfFile({ code, hint }: Refusal): { path: string[]; text: string } {
  const [, member, said = hint] = /^([A-Za-z][^\s:]*): (.*)$/s.exec(hint) ?? [];
  const field = FIELD_OF_CODE[code];
  const path = field === undefined ? fileNames(member ?? '') : [field];
  return { path, text: durations(said) };
}

function fileNames(path: string): string[] {
  return path.split('.').flatMap((name) => {
    return Object.hasOwn(NAMES, name) ? (NAMES[name] ?? []) : [name];
  });
}

/** `1000 to 2678400000 milliseconds` -> `1s to 31d`; what lasts no time is over at once. */
function durations(text: string): string {
  const units = (ms: string) => formatDuration(Number(ms));
  return text
    .replace('expiresAtMs is in the past', 'expected at least 1s')
    .replace(/(\d+) to (\d+) milliseconds/, (_all, from, to) => `${units(from)} to ${units(to)}`)
    .replace(/(\d+) milliseconds/, (_all, ms) => units(ms));
}
