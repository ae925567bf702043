/** Reads the key file that a configuration names. */
import type { KeyObject } from 'node:crypto';
import { refuseExposed } from '../identity/private-file.ts';
import { loadKey, loadSealKey } from '../keys.ts';
import { ConfigFault } from './config-fault.ts';

/** @throws ConfigFault CONFIG_KEY */
export function readKey(path: string): KeyObject {
  try {
    refuseExposed(path);
    return loadKey(path);
  } catch (cause) {
    throw new ConfigFault('CONFIG_KEY', `keyFile: ${path}: ${(cause as Error).message}`, cause);
  }
}

/** @throws ConfigFault CONFIG_KEY */
export function readSealKey(path: string): KeyObject {
  try {
    refuseExposed(path);
    return loadSealKey(path);
  } catch (cause) {
    const why = (cause as Error).message;
    throw new ConfigFault('CONFIG_KEY', `sealing.keyFile: ${path}: ${why}`, cause);
  }
}
