/** What the compiler refuses: schemas that read more or less than the type of core. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import { schemaFor } from './schema-for.ts';

test('a schema of exactly the type passes, and comes back as it is', () => {
  const schema = z.strictObject({ kind: z.enum(['a', 'b']), value: z.string().nullable() });
  expect(schemaFor<{ kind: 'a' | 'b'; value: string | null }>()(schema)).toBe(schema);
});

test('a missing field, field too many, missing member or missing null does not compile', () => {
  const one = z.strictObject({ a: z.number() });
  // @ts-expect-error the schema lacks `b`
  schemaFor<{ a: number; b: string }>()(one);
  // @ts-expect-error the type lacks `a`
  schemaFor<Record<never, never> & { b?: string }>()(one);
  // @ts-expect-error the schema lacks 'b'
  schemaFor<'a' | 'b'>()(z.enum(['a']));
  // @ts-expect-error the schema lacks null
  schemaFor<string | null>()(z.string());
});
