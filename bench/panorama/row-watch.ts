/** Loaded into a hub process before it starts: tells the bench when steps took in offers or rows. */
import { HubCore, type HubInput } from '@sparegrid/core/hub/hub-core';
import { nowMs, type RowStep } from './row-steps.ts';

const step = HubCore.prototype.step;

/** What the hub does stays as it is; afterwards the bench is told when that was. */
HubCore.prototype.step = function (now, inputs, diskLow) {
  const beganMs = nowMs();
  const result = step.call(this, now, inputs, diskLow);
  if (inputs.some(bringsRows)) process.send?.({ beganMs, endedMs: nowMs() } satisfies RowStep);
  return result;
};

function bringsRows(input: HubInput): boolean {
  if (input.kind !== 'frame') return false;
  return input.signed.frame.messages.some(
    ({ type }) => type === 'offer' || type === 'delta' || type === 'part-update',
  );
}
