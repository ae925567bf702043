/** Kills in a devnet over local sockets. */
import { testKills } from './kill-suite.ts';

testKills('sockets');
