/** Parts of configuration files that hubs and agents share. */
import { dirname, resolve } from 'node:path';
import { DEFAULT_TIMING, type Timing } from '@sparegrid/core/agreement/timing';
import { z } from 'zod';
import { MEMORY } from '../store/open-store.ts';

/** Free space below which a node takes on nothing new. */
export const DISK_FREE_BYTES_MIN = 64 * 1_048_576;
/** Frames and events that may wait for a step; beyond it sockets are not read. */
export const INBOX_MAX = 4_096;

const TIMING_KEYS = Object.keys(DEFAULT_TIMING) as (keyof Timing)[];

/** Some bounds may be overridden, all others keep their default. */
export const timing = z
  .partialRecord(z.enum(TIMING_KEYS), z.int().min(1))
  .default({})
  .transform((given): Timing => ({ ...DEFAULT_TIMING, ...given }));

/** An Ed25519 public key as `publicKeyOf` writes it. */
export const publicKey = z
  .string()
  .regex(/^[A-Za-z0-9+/]{43}=$/, 'expected the base64 of a 32-byte public key');

export const diskFreeBytesMin = z.int().min(0).default(DISK_FREE_BYTES_MIN);
export const inboxMax = z.int().min(1).default(INBOX_MAX);
export const filePath = z.string().min(1);

/** Where a hub can be reached: one address, or a list of its own and those of its standbys. */
export const addresses = z
  .union([filePath, z.array(filePath).min(1).max(8)])
  .transform((given): string[] => (typeof given === 'string' ? [given] : given));

/** Paths in a configuration file are relative to the folder of that file. */
export function pathsFrom(configPath: string): (path: string) => string {
  return (path) => resolve(dirname(configPath), path);
}

/** As {@link pathsFrom}, with {@link MEMORY} left as it is. */
export function storePath(configPath: string, path: string): string {
  return path === MEMORY ? MEMORY : resolve(dirname(configPath), path);
}
