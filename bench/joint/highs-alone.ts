/** HiGHS by itself on the very model that the solver gives it: what it had found after each time. */
import { generatePractical } from '@sparegrid/core/joint/generate';
import type { JointInstance } from '@sparegrid/core/joint/instance';
import { nowMs } from '@sparegrid/solver/clock';
import { highsModule } from '@sparegrid/solver/highs-module';
import type { HighsAnswer, HighsNews, HighsQuestion } from '@sparegrid/solver/highs-worker';
import { sharedInstance } from '@sparegrid/solver/shared-instance';
import { Thread } from '@sparegrid/solver/thread';

export interface Moment {
  cost: number;
  bound: number;
}

/** What it had found after each of some seconds; until it finds something, nothing is filled. */
export async function highsAlone(
  instance: JointInstance,
  seconds: readonly number[],
): Promise<Moment[] | null> {
  const module = await highsModule();
  if (!module) return null;
  const thread = new Thread<HighsQuestion, HighsNews, HighsAnswer>('highs-worker', module);
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const question = { orders: null, start: null, stop };
  // Its time begins once it is loaded, as that of the solver does.
  const first = generatePractical({ orders: 1, lessors: 2, seed: 1 });
  await thread.ask({ ...question, instance: first, untilMs: nowMs() + 1_000 });
  const shared = sharedInstance(instance);
  const now: Moment = { cost: instance.penalty.reduce((sum, one) => sum + one, 0), bound: 0 };
  const moments: Moment[] = [];
  const timers = seconds.map((limit, k) =>
    setTimeout(() => {
      moments[k] = { ...now };
      if (k === seconds.length - 1) void thread.end();
    }, 1_000 * limit),
  );
  const untilMs = nowMs() + 1_000 * Math.max(...seconds);
  try {
    await thread.ask({ ...question, instance: shared, untilMs }, (news) => {
      now.cost = Math.min(now.cost, news.better?.cost ?? now.cost);
      now.bound = Math.max(now.bound, news.bound ?? now.bound);
    });
  } catch {
    // It was ended at its limit, or out of memory: what it had told by then counts.
  }
  for (const timer of timers) clearTimeout(timer);
  await thread.end();
  return seconds.map((_, k) => moments[k] ?? now);
}
