/** Where each request is in the HTTP API: one table for the hub's door, the client, and OpenAPI. */
import type { LogCursor, Request } from '@sparegrid/core/messages';

export type Op = Request['op'];

export interface Route {
  method: 'GET' | 'POST' | 'DELETE';
  /** `:name` stands for the member of that name. */
  path: string;
  /** Members that travel in the query; `after` is null when it is absent. */
  query: readonly string[];
  /** Members of the JSON body. */
  body: readonly string[];
  /** With `follow=true` the answer is a stream: a reply per line whenever there is a new one. */
  follows: boolean;
  summary: string;
}

const PAGE = ['after'];

function route(
  line: string,
  summary: string,
  {
    query = [],
    body = [],
    follows = false,
  }: Partial<Pick<Route, 'query' | 'body' | 'follows'>> = {},
): Route {
  const [method, path] = line.split(' ') as [Route['method'], string];
  return { method, path, query, body, follows, summary };
}

export const ROUTES: Readonly<Record<Op, Route>> = {
  'order.submit': route('POST /v1/orders', 'Submit a signed order; durable when answered.', {
    body: ['document', 'taskPrivate'],
  }),
  'order.plan': route('POST /v1/plans', 'Dry run of an unsigned order: changes nothing.', {
    body: ['payload'],
    query: PAGE,
  }),
  'order.list': route('GET /v1/orders', 'Your orders that the hub has in memory.', { query: PAGE }),
  'order.get': route('GET /v1/orders/:order', 'State, history and bill.', { follows: true }),
  'order.cancel': route('DELETE /v1/orders/:order', 'End an order; it ends soon, not at once.'),
  'order.explain': route('GET /v1/orders/:order/explain', 'Why each lessor suits, or not.', {
    query: PAGE,
  }),
  'order.keys': route('GET /v1/orders/:order/keys', 'Lessors that wait for the key of the task.'),
  'order.release': route(
    'POST /v1/orders/:order/keys',
    'Release the key, sealed to each of them; the first release of a part counts.',
    { body: ['releases'] },
  ),
  'order.logs': route('GET /v1/orders/:order/logs', 'Output of its containers after a cursor.', {
    query: PAGE,
    follows: true,
  }),
  'lease.list': route('GET /v1/leases', 'Your leases that the hub has in memory.', { query: PAGE }),
  'lease.get': route('GET /v1/leases/:lease', 'One lease.'),
  'lease.stop': route('DELETE /v1/leases/:lease', 'End a lease; it ends soon, not at once.'),
  'lease.records': route(
    'GET /v1/orders/:order/records/:stream',
    'What happened to its containers (`life`), what they used (`usage`), after a cursor.',
    { query: PAGE, follows: true },
  ),
  'result.list': route('GET /v1/orders/:order/results', 'What its containers left.'),
  'result.read': route(
    'GET /v1/orders/:order/results/:container',
    'Chunks of one result after the one of this number.',
    { query: PAGE },
  ),
  'result.drop': route(
    'DELETE /v1/orders/:order/results/:container',
    'Remove one result from the hub.',
  ),
  'panorama.offers': route('GET /v1/offers', 'The lease panorama.', { query: PAGE }),
  'panorama.resources': route('GET /v1/resources', 'The resource panorama.', { query: PAGE }),
  'directory.resolve': route('GET /v1/participants/:participant', 'The hub of a participant.'),
  'hub.status': route('GET /v1/status', 'What this hub knows of every hub, and its load.'),
};

/** Not signed: who the hub is, in which life. */
export const HEALTH_PATH = '/v1/health';
export const OPENAPI_PATH = '/v1/openapi.json';

/** A request as it goes over the wire. */
export interface HttpRequest {
  method: Route['method'];
  /** Path and query. */
  target: string;
  body: string;
}

export function toHttp(request: Request, follow = false): HttpRequest {
  const { method, path, query, body } = ROUTES[request.op];
  const members: Record<string, unknown> = { ...request };
  const filled = path.replace(/:([a-z]+)/g, (_, name) => encodeURIComponent(String(members[name])));
  const found = new URLSearchParams();
  for (const name of query) {
    const text = hasCursor(request)
      ? encodeCursor(request.order, request.after)
      : String(members[name] ?? '');
    if (text !== '') found.set(name, text);
  }
  if (follow) found.set('follow', 'true');
  const own = body.map((name) => [name, members[name]]);
  return {
    method,
    target: found.size === 0 ? filled : `${filled}?${found}`,
    body: body.length === 0 ? '' : JSON.stringify(Object.fromEntries(own)),
  };
}

/** What its containers write, or what is written about them, behind a cursor. */
export type WithCursor = Extract<Request, { op: 'order.logs' | 'lease.records' }>;

export function hasCursor(request: Request): request is WithCursor {
  return request.op === 'order.logs' || request.op === 'lease.records';
}

/** Containers share the order's id: `-1.0.3:17,-1.0.4:9` is short enough for thousands of them. */
export function encodeCursor(order: string, after: LogCursor): string {
  return Object.entries(after)
    .map(([container, seq]) => `${container.slice(order.length)}:${seq}`)
    .join(',');
}

/** Undefined when the text is not a cursor; whether the ids are right, the schema of requests says. */
export function decodeCursor(order: string, text: string): LogCursor | undefined {
  const after: LogCursor = {};
  for (const entry of text === '' ? [] : text.split(',')) {
    const [container, seq] = entry.split(':');
    if (!container || !seq || !/^[0-9]{1,15}$/.test(seq)) return undefined;
    after[`${order}${container}`] = Number(seq);
  }
  return after;
}
