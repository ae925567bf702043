/** Reads a request of the core from path, query and body: nothing unknown, nothing too deep. */
import type { Read } from '@sparegrid/core/env';
import type { Request } from '@sparegrid/core/messages';
import { refuse } from '@sparegrid/core/refusals';
import { decodeCursor, type Op, ROUTES } from '@sparegrid/link/http/routes';
import { readValueAs } from '@sparegrid/link/read-as';
import { readJson } from '@sparegrid/link/read-json';
import { request as schema } from '@sparegrid/link/schemas/requests';

export interface Asked {
  request: Request;
  /** The answer shall be a stream. */
  follow: boolean;
}

/** @refuses LINK_MALFORMED, LINK_TOO_LARGE */
export function readRequest(op: Op, params: unknown, query: unknown, body: Buffer): Read<Asked> {
  const route = ROUTES[op];
  const asked = query as Record<string, unknown>;
  for (const [name, value] of Object.entries(asked)) {
    const isKnown = route.query.includes(name) || (route.follows && name === 'follow');
    if (!isKnown || typeof value !== 'string') {
      return refuse(
        'LINK_MALFORMED',
        `query: ${name.slice(0, 50)} is not known here, or there twice`,
      );
    }
  }
  const { follow = 'false', after = null } = asked;
  if (follow !== 'true' && follow !== 'false') {
    return refuse('LINK_MALFORMED', 'query: follow is true or false');
  }
  const members = readMembers(body, route.body);
  if (!members.ok) return members;
  const given: Record<string, unknown> = { ...members.value, ...(params as object), op };
  if (route.query.includes('after')) given['after'] = after;
  if (op === 'result.read') given['after'] = Number(after ?? 0);
  if (op === 'order.logs' || op === 'lease.records') {
    const cursor = decodeCursor(String(given['order']), typeof after === 'string' ? after : '');
    if (!cursor) return refuse('LINK_MALFORMED', 'query: after is <container>:<seq>, by commas');
    given['after'] = cursor;
  }
  const read = readValueAs(schema, given, 'LINK_MALFORMED');
  return read.ok ? { ok: true, value: { request: read.value, follow: follow === 'true' } } : read;
}

function readMembers(body: Buffer, names: readonly string[]): Read<Record<string, unknown>> {
  if (names.length === 0) {
    return body.length === 0
      ? { ok: true, value: {} }
      : refuse('LINK_MALFORMED', 'expected no body');
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    return refuse('LINK_MALFORMED', 'body: expected UTF-8');
  }
  const json = readJson(text);
  if (!json.ok) {
    const code = json.reason === 'too-large' ? 'LINK_TOO_LARGE' : 'LINK_MALFORMED';
    return refuse(code, `body: ${json.hint}`);
  }
  const { value } = json;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return refuse('LINK_MALFORMED', 'body: expected an object');
  }
  const unknown = Object.keys(value).find((name) => !names.includes(name));
  if (unknown !== undefined)
    return refuse('LINK_MALFORMED', `body: ${unknown.slice(0, 50)} is not known here`);
  return { ok: true, value: value as Record<string, unknown> };
}
