/** What the store and its worker thread say to each other. */
import type { Write } from '@sparegrid/core/units/write';
import type { StoreFaultCode } from './fault.ts';

export interface WorkerSettings {
  path: string;
}

export type ToWorker =
  | { kind: 'commit'; id: number; writes: readonly Write[] }
  | { kind: 'close'; id: number };

/** Errors cross threads as text: an error object would lose its code on the way. */
export interface WorkerFailure {
  code: StoreFaultCode;
  hint: string;
  detail: string;
}

export type FromWorker =
  | { kind: 'open' }
  | { kind: 'open-failed'; failure: WorkerFailure }
  | { kind: 'done'; id: number }
  | { kind: 'failed'; id: number; failure: WorkerFailure };
