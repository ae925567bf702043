import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { invariant, REFUSAL_CODES } from './refusals.ts';

const page = readFileSync(join(import.meta.dirname, '../../../docs/errors.md'), 'utf8');

/** Rows of the table under `## Refusals`: code, meaning, what to do. */
function documented(): string[][] {
  const section = page.split(/^## /m).find((part) => part.startsWith('Refusals\n')) ?? '';
  return section
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.slice(2, -2).split(' | '));
}

describe('docs/errors.md', () => {
  it('lists exactly the refusal codes of the code, in their order, with their meanings', () => {
    const rows = documented().map(([code, meaning]) => [code?.slice(1, -1), meaning]);
    expect(rows).toEqual(Object.entries(REFUSAL_CODES));
  });

  it('says of every code what to do', () => {
    for (const [code, , advice] of documented()) expect(advice, code).toMatch(/^[A-Z].*\.$/);
  });
});

describe('refusal codes', () => {
  it('are of the form ROOM_REASON', () => {
    for (const code of Object.keys(REFUSAL_CODES)) expect(code).toMatch(/^[A-Z]+(_[A-Z]+)+$/);
  });
});

describe('a broken invariant', () => {
  it('stops the process', () => {
    expect(() => invariant(false, 'sold twice')).toThrow('broken invariant: sold twice');
  });
});
