/** Loaded into a hub process before it starts: profiles it from one word of the bench to the next. */
import { beginProfile, endProfile } from './cpu-profile.ts';

export type ProfileWord = { profile: 'begin' } | { profile: 'end'; file: string };

process.on('message', async (word: ProfileWord) => {
  if (word.profile === 'begin') await beginProfile();
  else await endProfile(word.file);
  process.send?.(word);
});
