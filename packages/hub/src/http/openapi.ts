/** The OpenAPI document of the HTTP door, made from the routes and the schemas of the messages. */
import { REFUSAL_CODES } from '@sparegrid/core/refusals';
import { type Op, ROUTES } from '@sparegrid/link/http/routes';
import { reply, request } from '@sparegrid/link/schemas/requests';
import { z } from 'zod';

/** JSON Schema of what travels: money as decimal strings, nothing but the stated members. */
function jsonSchema(schema: z.ZodType): Record<string, unknown> {
  const { $schema, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return rest as Record<string, unknown>;
}

type Variant = z.ZodObject<Record<string, z.ZodType>>;

function variants(union: z.ZodType): Variant[] {
  return (union as unknown as { options: Variant[] }).options;
}

function variantOf(list: Variant[], op: Op): Variant {
  const found = list.find(({ shape }) => (shape['op'] as z.ZodLiteral<string>).value === op);
  if (!found) throw new Error(`broken invariant: no schema of ${op}`);
  return found;
}

const refusal = {
  type: 'object',
  required: ['ok', 'code', 'hint'],
  properties: {
    ok: { const: false },
    code: { enum: Object.keys(REFUSAL_CODES) },
    hint: { type: 'string' },
  },
};

export function openApi(): Record<string, unknown> {
  const [accepted] = variants(reply);
  const replies = variants(accepted as unknown as z.ZodType);
  const paths: Record<string, Record<string, unknown>> = {};
  for (const op of Object.keys(ROUTES) as Op[]) {
    const route = ROUTES[op];
    const path = route.path.replace(/:([a-z]+)/g, '{$1}');
    const at = paths[path] ?? {};
    at[route.method.toLowerCase()] = operation(op, variantOf(replies, op));
    paths[path] = at;
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Sparegrid hub',
      version: '1',
      description: 'Every request is signed by its participant: see docs/http-api.md.',
    },
    paths,
    components: {
      securitySchemes: {
        signature: { type: 'apiKey', in: 'header', name: 'signature' },
      },
    },
    security: [{ signature: [] }],
  };
}

function operation(op: Op, answer: Variant): Record<string, unknown> {
  const { path, query, body, follows, summary } = ROUTES[op];
  const { shape } = variantOf(variants(request), op);
  const parameter = (name: string, where: 'path' | 'query', schema: unknown) => ({
    name,
    in: where,
    required: where === 'path',
    schema,
  });
  const inPath = [...path.matchAll(/:([a-z]+)/g)].map(([, name = '']) =>
    parameter(name, 'path', jsonSchema(shape[name] as z.ZodType)),
  );
  const inQuery = query.map((name) => parameter(name, 'query', { type: 'string' }));
  const stream = follows ? [parameter('follow', 'query', { type: 'boolean' })] : [];
  const content: Record<string, unknown> = { 'application/json': { schema: jsonSchema(answer) } };
  if (follows) content['application/x-ndjson'] = { schema: jsonSchema(answer) };
  return {
    operationId: op,
    summary,
    parameters: [...inPath, ...inQuery, ...stream],
    ...(body.length > 0 && { requestBody: bodyOf(shape, body) }),
    responses: {
      200: { description: 'Done.', content },
      default: {
        description: 'Refused; nothing was changed.',
        content: { 'application/json': { schema: refusal } },
      },
    },
  };
}

function bodyOf(shape: Record<string, z.ZodType>, names: readonly string[]): object {
  const members = Object.fromEntries(names.map((name) => [name, shape[name] as z.ZodType]));
  return {
    required: true,
    content: { 'application/json': { schema: jsonSchema(z.strictObject(members)) } },
  };
}
