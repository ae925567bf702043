/** What every part of one simulated world shares. */

import type { Timing } from '@sparegrid/core/agreement/timing';
import type { Limits } from '@sparegrid/core/hub/config';
import type { HubId, NodeId } from '@sparegrid/core/units/ids';
import type { FrameText } from '@sparegrid/link/frame';
import type { Auditor } from '../auditor/auditor.ts';
import type { Expectation } from '../auditor/expectation.ts';
import type { EventQueue } from '../kernel/event-queue.ts';
import type { Keyring } from '../kernel/keyring.ts';
import type { Rng } from '../kernel/rng.ts';
import type { Trace } from '../kernel/trace.ts';
import type { Connections } from './connections.ts';
import type { FaultPlan } from './fault-plan.ts';
import type { Network } from './network.ts';
import type { Client, Post } from './post.ts';
import type { Scenario } from './scenario.ts';
import type { Spite } from './spite.ts';

export interface Context {
  scenario: Scenario;
  timing: Timing;
  limits: Limits;
  plan: FaultPlan;
  /** A hub that lies with its own keys. */
  liar: HubId | null;
  rng: Rng;
  queue: EventQueue;
  trace: Trace;
  keyring: Keyring;
  network: Network;
  connections: Connections<Client>;
  post: Post;
  spite: Spite;
  auditor: Auditor;
  /** How far that node's wall clock is off for the whole run. */
  skewMs(node: NodeId): number;
  /** A node just died in this phase. */
  died(node: NodeId, phase: string): void;
  /** A frame is in front of that node, whatever the network does; nothing happens when it is down. */
  putBefore(node: NodeId, frame: FrameText, expectation: Expectation | null): void;
  /** A hub just came up. */
  hubStarted(hub: HubId): void;
}
