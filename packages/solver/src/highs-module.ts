/** HiGHS as WebAssembly, compiled once for all threads of the process. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

/** Neither Node's types nor the language's have it. */
declare const WebAssembly: { compile(bytes: Uint8Array): Promise<object> };

let compiled: Promise<object | null> | undefined;

/** A `WebAssembly.Module`; null where this machine cannot load it: the own search then works alone. */
export function highsModule(): Promise<object | null> {
  const file = createRequire(import.meta.url).resolve('highs/runtime');
  compiled ??= readFile(file)
    .then((bytes) => WebAssembly.compile(bytes))
    .catch(() => null);
  return compiled;
}
