/** Files that `match` writes; one that cannot be written is told before the work, not after it. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { CliFault } from '../fault.ts';

export interface OutFile {
  write(text: string): void;
  close(): void;
}

/** @throws CliFault CLI_FILE_UNREADABLE */
export function openOut(file: string): OutFile {
  let handle: number;
  try {
    handle = openSync(file, 'w');
  } catch (cause) {
    const hint = `${file}: ${(cause as Error).message}`;
    throw new CliFault('CLI_FILE_UNREADABLE', hint, 'input', cause);
  }
  return {
    write: (text) => {
      let rest: Uint8Array = Buffer.from(text);
      while (rest.length > 0) rest = rest.subarray(writeSync(handle, rest));
    },
    close: () => closeSync(handle),
  };
}
