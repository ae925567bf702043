/** Loaded into a hub process before it starts: tells how late its event loop was since last asked. */
import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION_MS = 1;
/** Costs a little, so it counts from the first question on. */
let delay: ReturnType<typeof monitorEventLoopDelay> | undefined;

process.on('message', (question) => {
  if (question !== 'loop-delay') return;
  process.send?.({ p50: lateMs(50), p99: lateMs(99) });
  delay ??= monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  delay.reset();
});

/** The histogram holds the time from one tick of its timer to the next, in nanoseconds. */
function lateMs(percentile: number): number {
  const betweenTicks = (delay?.percentile(percentile) ?? 0) / 1e6;
  return Math.max(0, betweenTicks - RESOLUTION_MS);
}
