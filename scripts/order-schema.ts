/** Writes docs/order.schema.json, the JSON Schema of order files, from the schema that reads them. */
import { writeFileSync } from 'node:fs';
import { orderForm } from '@sparegrid/sdk/order-form';
import { z } from 'zod';

export const SCHEMA_FILE = new URL('../docs/order.schema.json', import.meta.url);

export function orderSchemaText(): string {
  return `${JSON.stringify(z.toJSONSchema(orderForm, { io: 'input' }), null, 2)}\n`;
}

if (import.meta.main) writeFileSync(SCHEMA_FILE, orderSchemaText());
