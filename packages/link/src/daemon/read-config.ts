/** Reads a configuration file and refuses it with the names of file and field. */
import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import { ConfigFault } from './config-fault.ts';

/** @throws ConfigFault CONFIG_UNREADABLE, CONFIG_MALFORMED */
export function readConfig<T>(path: string, schema: z.ZodType<T>): T {
  const found = schema.safeParse(parse(path, read(path)));
  if (found.success) return found.data;
  throw new ConfigFault(
    'CONFIG_MALFORMED',
    `${path}: ${found.error.issues.flatMap(reasons).map(say).join('; ')}`,
  );
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

/** Of a field that may be this or that, what is wrong with the kind that was meant. */
function reasons(issue: z.core.$ZodIssue): z.core.$ZodIssue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const meant = issue.errors.find((branch) => branch.some(isInside));
  if (meant === undefined) return [issue];
  return meant.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }));
}

function isInside({ code, path }: z.core.$ZodIssue): boolean {
  return path.length > 0 || code !== 'invalid_type';
}

function say(issue: z.core.$ZodIssue): string {
  const field = issue.path.map(String).join('.');
  return `${field === '' ? 'the whole file' : field}: ${issue.message}`;
}
