/** Reads order files: what is wrong is told with file, line and field; docs/orders.md has every field. */
import { draftOf } from '@sparegrid/sdk/draft-of';
import type { OrderDraft } from '@sparegrid/sdk/order-draft';
import { orderForm } from '@sparegrid/sdk/order-form';
import type { z } from 'zod';
import { type CliFault, InputRefused } from '../fault.ts';
import { refusalOf } from './check-order.ts';
import { inWordsOfFile } from './hub-words.ts';
import { foremost, innerOf } from './issues.ts';
import { nearestName } from './like.ts';
import { type Place, readYamlAll } from './yaml-file.ts';

/**
 * The orders of all documents of a file, each of which its hub would take. Nothing was sent.
 *
 * @param file    `-` is standard input
 * @throws CliFault, InputRefused with the code that the hub would give
 */
export function readOrderFiles(file: string, wallMs: number): OrderDraft[] {
  return readYamlAll(file).map((place) => {
    const read = orderForm.safeParse(place.value());
    if (!read.success) throw faultOf(place, foremost(read.error.issues));
    const draft = draftOf(read.data, wallMs);
    const refusal = refusalOf(draft, wallMs);
    if (!refusal) return draft;
    const { path, text } = inWordsOfFile(refusal);
    const { where } = place.nearest(path);
    throw new InputRefused({ ...refusal, hint: `${where}: ${text}` });
  });
}

/** What is wrong, at its place. */
function faultOf(root: Place, issue: z.core.$ZodIssue): CliFault {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    const [name = ''] = issue.keys;
    const member = root.at([...path, name]) ?? root;
    const known = knownAt(path);
    const meant = nearestName(name, known);
    const asked = meant === undefined ? '' : `did you mean ${meant}? `;
    return member.fault('CLI_FIELD_UNKNOWN', `${asked}known are ${known.join(', ')}.`);
  }
  const place = root.at(path);
  if (!place) {
    const parent = root.at(path.slice(0, -1)) ?? root;
    return parent.fault('CLI_FIELD_MISSING', `no field ${path.at(-1)}.`);
  }
  // A value that is one of several forms: what its own form has to say is the better answer.
  if (issue.code === 'invalid_union') {
    const inner = innerOf(issue);
    if (inner) return faultOf(place, inner);
  }
  const isRange = issue.code === 'custom' && issue.params?.['range'] === true;
  return place.fault(isRange ? 'CLI_FIELD_RANGE' : 'CLI_FIELD_MALFORMED', issue.message);
}

/** Names of the fields that may stand there. */
function knownAt(path: readonly string[]): string[] {
  let schema: unknown = orderForm;
  for (const name of path) schema = shapeOf(schema)?.[name];
  return Object.keys(shapeOf(schema) ?? {});
}

/** The members of a schema, through defaults and unions. */
function shapeOf(schema: unknown): Record<string, unknown> | undefined {
  const { shape, def } = schema as {
    shape?: Record<string, unknown>;
    def: { innerType?: unknown; options?: unknown[] };
  };
  if (shape) return shape;
  if (def.innerType) return shapeOf(def.innerType);
  for (const option of def.options ?? []) {
    const found = shapeOf(option);
    if (found) return found;
  }
  return undefined;
}
