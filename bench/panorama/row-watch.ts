/** Loaded into a hub process before it starts: tells the bench when offers or rows came, hop by hop. */
import { HubCore, type HubInput } from '@sparegrid/core/hub/hub-core';
import { DoorKeeper } from '@sparegrid/hub/door';
import { Router } from '@sparegrid/hub/router';
import { nowMs, type RowStep } from './row-steps.ts';

/**
 * The bench is told when the row is long everywhere: what it costs to tell, and what the bench does
 * with it, would else fall into the way of the same row to the other hubs.
 */
const TELL_AFTER_MS = 20;

const { onFrame } = DoorKeeper.prototype;
const { step } = HubCore.prototype;
const { prepare } = Router.prototype;

const steps: RowStep[] = [];
let cameMs = 0;
/** Sends something, once it is committed. */
let open: RowStep | null = null;
let telling = false;

DoorKeeper.prototype.onFrame = function (connection, text, signature) {
  cameMs = nowMs();
  return onFrame.call(this, connection, text, signature);
};

/** What the hub does stays as it is; only the time is noted. */
HubCore.prototype.step = function (now, inputs, diskLow) {
  const beganMs = nowMs();
  const result = step.call(this, now, inputs, diskLow);
  if (!inputs.some(bringsRows)) return result;
  const endedMs = nowMs();
  const taken = { cameMs, beganMs, endedMs, releasedMs: endedMs };
  if (result.sends.length > 0) open = taken;
  else tellLater(taken);
  return result;
};

/** What the last step sends: its commit is over when that leaves. */
Router.prototype.prepare = function (sends, wallMs) {
  const release = prepare.call(this, sends, wallMs);
  const taken = open;
  open = null;
  if (!taken) return release;
  return () => {
    taken.releasedMs = nowMs();
    release();
    tellLater(taken);
  };
};

function tellLater(taken: RowStep): void {
  steps.push(taken);
  if (telling) return;
  telling = true;
  setTimeout(tell, TELL_AFTER_MS);
}

function tell(): void {
  telling = false;
  process.send?.({ steps: steps.splice(0) });
}

function bringsRows(input: HubInput): boolean {
  if (input.kind !== 'frame') return false;
  return input.signed.frame.messages.some(
    ({ type }) => type === 'offer' || type === 'delta' || type === 'part-update',
  );
}
