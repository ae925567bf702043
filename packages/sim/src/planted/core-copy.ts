/** Copies the core's sources to a temporary folder and plants a fault there. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { applyEdit, type Edit, type Plant } from './plant.ts';

const CORE = join(import.meta.dirname, '..', '..', '..', 'core');

export interface CoreCopy {
  /** Holds `package.json` and `src`. */
  path: string;
  remove(): void;
}

/** The core's sources that the edits change, as they are then. @throws as {@link applyEdit} */
export function planted(edits: readonly Edit[]): Map<string, string> {
  const sources = new Map<string, string>();
  for (const edit of edits) {
    const source = sources.get(edit.file) ?? readFileSync(join(CORE, 'src', edit.file), 'utf8');
    sources.set(edit.file, applyEdit(source, edit));
  }
  return sources;
}

export function copyCore({ edits }: Pick<Plant, 'edits'>): CoreCopy {
  const path = mkdtempSync(join(tmpdir(), 'sparegrid-planted-'));
  try {
    cpSync(join(CORE, 'package.json'), join(path, 'package.json'));
    cpSync(join(CORE, 'src'), join(path, 'src'), { recursive: true });
    for (const [file, source] of planted(edits)) writeFileSync(join(path, 'src', file), source);
  } catch (error) {
    rmSync(path, { recursive: true });
    throw error;
  }
  return { path, remove: () => rmSync(path, { recursive: true }) };
}
