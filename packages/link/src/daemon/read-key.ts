/** Reads the key file that a configuration names. */
import type { KeyObject } from 'node:crypto';
import { loadKey } from '../keys.ts';
import { ConfigFault } from './config-fault.ts';

/** @throws ConfigFault CONFIG_KEY */
export function readKey(path: string): KeyObject {
  try {
    return loadKey(path);
  } catch (cause) {
    throw new ConfigFault('CONFIG_KEY', `keyFile: ${path}`, cause);
  }
}
