/** The core's sources with a fault planted in them. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { applyEdit, type Edit } from './plant.ts';

const CORE = join(import.meta.dirname, '..', '..', '..', 'core', 'src');

/** A file for `load-planted.ts`. */
export interface PlantedFile {
  path: string;
  remove(): void;
}

/** The core's sources that the edits change, as they are then. @throws as {@link applyEdit} */
export function planted(edits: readonly Edit[]): Map<string, string> {
  const sources = new Map<string, string>();
  for (const edit of edits) {
    const source = sources.get(edit.file) ?? readFileSync(join(CORE, edit.file), 'utf8');
    sources.set(edit.file, applyEdit(source, edit));
  }
  return sources;
}

/** The same, by their addresses, in a temporary file. @throws as {@link applyEdit} */
export function writePlanted(edits: readonly Edit[]): PlantedFile {
  const sources = [...planted(edits)].map(([file, source]) => [
    pathToFileURL(join(CORE, file)).href,
    source,
  ]);
  const folder = mkdtempSync(join(tmpdir(), 'sparegrid-planted-'));
  const path = join(folder, 'sources.json');
  writeFileSync(path, JSON.stringify(Object.fromEntries(sources)));
  return { path, remove: () => rmSync(folder, { recursive: true }) };
}
