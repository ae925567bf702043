/** The one JSON document of `demo --json`. */
import { encodeStored } from '@sparegrid/core/units/json';
import type { DemoResult } from './run-demo.ts';

/** Money as decimal strings of micro-credits. */
export function demoDocument({ order, steps }: DemoResult): string {
  const done = order.agreements.filter(({ lease }) => lease === 'COMPLETED');
  const parts = done.flatMap((agreement) => agreement.parts);
  return encodeStored({
    order: order.id,
    agreements: done,
    lease: { state: done.at(-1)?.lease ?? 'TERMINATED' },
    lessors: [...new Set(parts.map(({ lessor }) => lessor))],
    hubs: [...new Set(parts.map(({ targetHub }) => targetHub))],
    costMicro: order.costMicro,
    steps: steps.map(({ name, ms }) => ({ name, ms })),
  });
}
