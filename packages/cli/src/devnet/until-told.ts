/** Waits for the signals that end the command, and lets an impatient second one end it at once. */

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface Told {
  /** Aborted by the first signal. */
  signal: AbortSignal;
  /** Resolves with it. */
  told: Promise<void>;
  /** Signals have their usual effect again. */
  release(): void;
}

/** @param atOnce  called by every further signal. */
export function listenToSignals(atOnce: () => void): Told {
  const controller = new AbortController();
  const { promise, resolve } = Promise.withResolvers<void>();
  const onSignal = () => {
    if (controller.signal.aborted) return atOnce();
    controller.abort();
    resolve();
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  return {
    signal: controller.signal,
    told: promise,
    release: () => {
      for (const name of SIGNALS) process.off(name, onSignal);
    },
  };
}
