/** The faults that the auditor must notice: those of the issue first, then others of every kind. */
import type { Plant } from './plant.ts';
import { PLANTS_OF_ADMISSION } from './plants-of-admission.ts';
import { PLANTS_OF_AGREEMENTS } from './plants-of-agreements.ts';
import { PLANTS_OF_DOORS } from './plants-of-doors.ts';
import { PLANTS_OF_ELECTIONS } from './plants-of-elections.ts';
import { PLANTS_OF_HUB_KEYS } from './plants-of-hub-keys.ts';
import { PLANTS_OF_KEYS } from './plants-of-keys.ts';
import { PLANTS_OF_LIARS } from './plants-of-liars.ts';
import { PLANTS_OF_PRIVACY } from './plants-of-privacy.ts';
import { PLANTS_OF_RESTORES } from './plants-of-restores.ts';
import { PLANTS_OF_RETENTION } from './plants-of-retention.ts';
import { PLANTS_OF_ROUNDS } from './plants-of-rounds.ts';
import { PLANTS_OF_TERMS } from './plants-of-terms.ts';
import { PLANTS_OF_THE_ISSUE } from './plants-of-the-issue.ts';

export const PLANTS: readonly Plant[] = [
  ...PLANTS_OF_THE_ISSUE,
  ...PLANTS_OF_AGREEMENTS,
  ...PLANTS_OF_TERMS,
  ...PLANTS_OF_ROUNDS,
  ...PLANTS_OF_KEYS,
  ...PLANTS_OF_HUB_KEYS,
  ...PLANTS_OF_ELECTIONS,
  ...PLANTS_OF_DOORS,
  ...PLANTS_OF_ADMISSION,
  ...PLANTS_OF_PRIVACY,
  ...PLANTS_OF_LIARS,
  ...PLANTS_OF_RETENTION,
  ...PLANTS_OF_RESTORES,
];
