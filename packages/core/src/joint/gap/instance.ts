/** Generalised assignment: every job to exactly one agent, within the agents' capacities. */

/** All numbers are integers; costs and weights are agent-major: `[agent * jobs + job]`. */
export interface GapInstance {
  readonly agents: number;
  readonly jobs: number;
  readonly cost: Int32Array;
  readonly weight: Int32Array;
  readonly capacity: Int32Array;
}

export type GapType = 'a' | 'b' | 'c' | 'd' | 'e';
