/** Kills in a devnet over NATS, its servers among the victims. */
import { hasNatsServer } from '@sparegrid/link/nats/for-tests';
import { describe } from 'vitest';
import { testKills } from './kill-suite.ts';

describe.skipIf(!hasNatsServer())('over NATS', () => testKills('nats'));
