/** The context of the commands: which hub to talk to, as whom. */
import { readFileSync, writeFileSync } from 'node:fs';
import { filePath, publicKey } from '@sparegrid/link/daemon/node-settings';
import { readJson } from '@sparegrid/link/read-json';
import { hubId, participantId } from '@sparegrid/link/schemas/scalars';
import { z } from 'zod';
import { CliFault } from '../fault.ts';
import { layoutOf } from './layout.ts';

const contextSchema = z.strictObject({
  hubSocket: filePath,
  hub: z.strictObject({ id: hubId, publicKey }),
  participant: participantId,
  keyFile: filePath,
});

export type Context = z.infer<typeof contextSchema>;

export function writeContext(directory: string, context: Context): void {
  writeFileSync(layoutOf(directory).context, `${JSON.stringify(context, null, 2)}\n`);
}

/** @throws CliFault CLI_NO_DEVNET, CLI_FILE_MALFORMED */
export function readContext(directory: string): Context {
  const file = layoutOf(directory).context;
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    const hint = `Start one with: sparegrid devnet up --dir ${directory}`;
    throw new CliFault('CLI_NO_DEVNET', hint, 'unavailable', cause);
  }
  const json = readJson(text);
  const parsed = json.ok ? contextSchema.safeParse(json.value) : undefined;
  if (parsed?.success) return parsed.data;
  throw new CliFault('CLI_FILE_MALFORMED', `${file}: not a context file; start the devnet again.`);
}
