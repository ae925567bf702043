/** The formats of `match`: how a file of each is read, and how it is solved then. */
import type { JointSolver } from '@sparegrid/solver/joint-solver';
import type { ReadSettings, Solved, SolveLimits } from './answer.ts';
import { readGap } from './gap-file.ts';
import { readJoint } from './joint-file.ts';
import { readOpenbMarket } from './openb-market.ts';
import { readOrdersMarket } from './orders-market.ts';
import { solveGapFile } from './solve-gap.ts';
import { solveJointFile } from './solve-joint-file.ts';
import { solveMarket } from './solve-market.ts';
import { solveSsfctp, warmUpSsfctp } from './solve-ssfctp.ts';
import { readSsfctp } from './ssfctp-file.ts';

export const FORMATS = ['orders', 'openb', 'gap', 'ssfctp', 'literal', 'practical'] as const;
export type Format = (typeof FORMATS)[number];

/** Formats that several orders share: these need the solver's threads. */
export const JOINT_FORMATS: readonly Format[] = ['orders', 'openb', 'literal', 'practical'];

/** Solves what was read; `solver` stays open between files. */
export type Solve = (limits: SolveLimits, solver: JointSolver) => Solved | Promise<Solved>;

/** Reads one file; whatever is wrong with it is told here, before any solving. */
export type Read = (file: string, settings: ReadSettings) => Solve | Promise<Solve>;

let isWarm = false;

export const READERS: Readonly<Record<Format, Read>> = {
  orders: async (file, settings) => {
    const market = await readOrdersMarket(file, settings);
    return (limits, solver) => solveMarket(market, limits, solver);
  },
  openb: (file, settings) => {
    const market = readOpenbMarket(file, settings);
    return (limits, solver) => solveMarket(market, limits, solver);
  },
  gap: (file) => {
    const startMs = performance.now();
    const instance = readGap(file);
    return (limits) => solveGapFile(instance, limits, startMs);
  },
  ssfctp: (file) => {
    const instance = readSsfctp(file);
    if (!isWarm) warmUpSsfctp();
    isWarm = true;
    return (limits) => solveSsfctp(instance, limits);
  },
  literal: (file) => {
    const instance = readJoint(file, 'literal');
    return (limits, solver) => solveJointFile(instance, limits, solver);
  },
  practical: (file) => {
    const instance = readJoint(file, 'practical');
    return (limits, solver) => solveJointFile(instance, limits, solver);
  },
};
