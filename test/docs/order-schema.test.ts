/** The published JSON Schema of order files is what the program reads today. */
import { readFileSync } from 'node:fs';
import { orderForm } from '@sparegrid/sdk/order-form';
import { expect, it } from 'vitest';
import { orderSchemaText, SCHEMA_FILE } from '../../scripts/order-schema.ts';

it('is fresh: npm run docs:order writes it', () => {
  expect(JSON.parse(readFileSync(SCHEMA_FILE, 'utf8'))).toEqual(JSON.parse(orderSchemaText()));
});

it('names every field, and so does the page about order files', () => {
  const fields = Object.keys(orderForm.shape).sort();
  expect(Object.keys(JSON.parse(orderSchemaText()).properties).sort()).toEqual(fields);
  const page = readFileSync(new URL('../../docs/orders.md', import.meta.url), 'utf8');
  const rows = [...page.matchAll(/^\| (`.*?) \|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`(\w+)`/g)].map(([, name = '']) => name),
  );
  expect(rows.sort()).toEqual(fields);
});
