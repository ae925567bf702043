/** Profiles of all processes of a market while something is measured. */
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { HubProcess } from '../e2e/hub-process.ts';
import { beginProfile, endProfile } from './cpu-profile.ts';
import type { ProfileWord } from './profile-watch.ts';

/** For hubs that are to be profiled. */
export const PROFILE_WATCH = new URL('./profile-watch.ts', import.meta.url).href;

export async function beginProfiles(hubs: readonly HubProcess[]): Promise<void> {
  await Promise.all(hubs.map((hub) => tell(hub, { profile: 'begin' })));
  await beginProfile();
}

/** Writes `<name> h1.cpuprofile` and so on; lessors and lessees are in `<name> bench.cpuprofile`. */
export async function endProfiles(
  hubs: readonly HubProcess[],
  directory: string,
  name: string,
): Promise<void> {
  mkdirSync(directory, { recursive: true });
  const fileOf = (process: string) => join(directory, `${name} ${process}.cpuprofile`);
  await endProfile(fileOf('bench'));
  for (const [at, hub] of hubs.entries()) {
    await tell(hub, { profile: 'end', file: fileOf(`h${at + 1}`) });
  }
}

async function tell({ process: child }: HubProcess, word: ProfileWord): Promise<void> {
  child.send(word);
  await once(child, 'message');
}
