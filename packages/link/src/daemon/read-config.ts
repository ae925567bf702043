/** Reads a configuration file and refuses it with the names of file and field. */
import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import { ConfigFault } from './config-fault.ts';

/** @throws ConfigFault CONFIG_UNREADABLE, CONFIG_MALFORMED */
export function readConfig<T>(path: string, schema: z.ZodType<T>): T {
  const found = schema.safeParse(parse(path, read(path)));
  if (found.success) return found.data;
  throw new ConfigFault('CONFIG_MALFORMED', `${path}: ${found.error.issues.map(say).join('; ')}`);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new ConfigFault('CONFIG_UNREADABLE', `Looked for ${path}.`, cause);
  }
}

function parse(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ConfigFault('CONFIG_MALFORMED', `${path}: ${(cause as Error).message}`, cause);
  }
}

function say(issue: z.core.$ZodIssue): string {
  const field = issue.path.map(String).join('.');
  return `${field === '' ? 'the whole file' : field}: ${issue.message}`;
}
