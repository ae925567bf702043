/** Copies the core's sources to a temporary folder and plants a fault there. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { applyEdit, type Plant } from './plant.ts';

const CORE = join(import.meta.dirname, '..', '..', '..', 'core');

export interface CoreCopy {
  /** Holds `package.json` and `src`. */
  path: string;
  remove(): void;
}

export function copyCore({ edits }: Pick<Plant, 'edits'>): CoreCopy {
  const path = mkdtempSync(join(tmpdir(), 'sparegrid-planted-'));
  try {
    cpSync(join(CORE, 'package.json'), join(path, 'package.json'));
    cpSync(join(CORE, 'src'), join(path, 'src'), { recursive: true });
    for (const edit of edits) {
      const file = join(path, 'src', edit.file);
      writeFileSync(file, applyEdit(readFileSync(file, 'utf8'), edit));
    }
  } catch (error) {
    rmSync(path, { recursive: true });
    throw error;
  }
  return { path, remove: () => rmSync(path, { recursive: true }) };
}
