/** What a hub refuses in a buy order before it accepts it, in a fixed order. */

import { STOP_AFTER_MS_MAX } from '../agreement/timing.ts';
import type { BuyOrder } from '../order/buy-order.ts';
import { type Refusal, refuse } from '../refusals.ts';
import { costOf } from '../units/money.ts';
import { WHOLE_DEVICE_MILLI } from '../units/resources.ts';
import type { Limits } from './config.ts';

const DURATION_MS_MIN = 1_000;
const STOP_AFTER_MS_MIN = 1_000;

export function refuseOrder(order: BuyOrder, wallMs: number, limits: Limits): Refusal | undefined {
  const { count, durationMs, expiresAtMs, budgetMicro, maxLessors } = order;
  if (count.min < 1 || count.max < count.min || count.max > limits.replicasPerOrder) {
    return refuse('ORDER_COUNT', `1 <= min <= max <= ${limits.replicasPerOrder}`);
  }
  if (maxLessors < 1 || maxLessors > limits.partsPerAgreement) {
    return refuse('ORDER_MALFORMED', `maxLessors: 1 to ${limits.partsPerAgreement}`);
  }
  if (durationMs < DURATION_MS_MIN || durationMs > limits.durationMsMax) {
    const range = `${DURATION_MS_MIN} to ${limits.durationMsMax}`;
    return refuse('ORDER_DURATION', `durationMs: ${range} milliseconds`);
  }
  if (expiresAtMs <= wallMs) return refuse('ORDER_EXPIRED', 'expiresAtMs is in the past');
  if (expiresAtMs > wallMs + limits.expiryMsMax) {
    return refuse('ORDER_EXPIRY', `at most ${limits.expiryMsMax} milliseconds ahead`);
  }
  const { stopAfterMs } = order.disconnect;
  if (stopAfterMs < STOP_AFTER_MS_MIN || stopAfterMs > STOP_AFTER_MS_MAX) {
    const range = `${STOP_AFTER_MS_MIN} to ${STOP_AFTER_MS_MAX}`;
    return refuse('ORDER_MALFORMED', `disconnect.stopAfterMs: ${range} milliseconds`);
  }
  const device = order.replica.device;
  if (device) {
    const shared = device.shareMilli < WHOLE_DEVICE_MILLI;
    const inRange = device.shareMilli >= 1 && device.shareMilli <= WHOLE_DEVICE_MILLI;
    if (!inRange || device.count < 1 || (shared && device.count !== 1)) {
      return refuse('ORDER_DEVICES', 'whole devices, or a share (1 to 999) of one');
    }
  }
  if (budgetMicro < 0n || order.limitMicroPerReplicaHour < 0n) {
    return refuse('ORDER_BUDGET', 'limit and budget are not negative');
  }
  // Nothing costs less than nothing: only a budget below one micro-credit with a positive limit.
  if (budgetMicro === 0n && costOf(order.limitMicroPerReplicaHour, durationMs) > 0n) {
    return refuse('ORDER_BUDGET', 'the budget is zero');
  }
  return undefined;
}
