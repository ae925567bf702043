/** The runtime of an agent that only rents: nothing can run there. */
import type { Runtime } from './runtime.ts';

export const noRuntime: Runtime = {
  images: [],
  egress: false,
  adopt: async () => {},
  start: () => {},
  stop: () => {},
  collect: () => {},
  forget: () => {},
  logAcked: () => {},
  usage: async () => null,
  note: () => {},
  close: async () => {},
};
