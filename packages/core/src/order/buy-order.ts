/** Buy orders: what a lessee wants to run, how much of it, and what it pays at most. */
import type { ParticipantId } from '../units/ids.ts';
import type { Micro } from '../units/money.ts';
import type { FlopsRate, Provision, ReplicaRequest } from '../units/resources.ts';

/** The part of a task that matching and image policies need; every hub on the way may read it. */
export interface TaskPublic {
  /** OCI image reference; the `process` runtime knows `process:<program>`. */
  image: string;
  architecture: string | null;
  egress: boolean;
  capabilities: string[];
  /** How often each container is started again after a failure; 3 when nothing is said. */
  restarts?: number | undefined;
}

export const DEFAULT_RESTARTS = 3;
/** More than this is no failure that a restart mends. */
export const RESTARTS_MAX = 1_000;

/** The part of a task that only the lessor needs to run it. */
export interface TaskPrivate {
  command: string[];
  env: Record<string, string>;
  /** How to log in where the image is fetched from; null or absent for public images. */
  registry?: RegistryLogin | null | undefined;
}

/** `address` is the registry's host, for example `registry.example.org:5000`. */
export interface RegistryLogin {
  address: string;
  username: string;
  password: string;
}

/** What an order says of its task; the private part travels beside it, unreadable on the way. */
export interface TaskSpec {
  public: TaskPublic;
  /** Of the private part as it travels: the ciphertext under the order's content key. */
  privateDigest: string;
  /**
   * X25519 public key of this one order (base64url): who releases the content key to a lessor proves
   * by it to be the lessee. Present exactly when there is a private part.
   */
  sealKey?: string | undefined;
}

export interface PerformanceRequirement {
  minScore: number;
  minFlops: FlopsRate[];
  provision: Provision | 'any';
  /** Each must equal the lot's label of that name. */
  labels: Record<string, string>;
}

/**
 * What matching prefers; weights are thousandths of the best price and the best score.
 *
 * @patent [0051] MAT-4 MAT-5 MAT-6
 */
export type MatchingPriority =
  | { kind: 'price' }
  | { kind: 'performance' }
  | { kind: 'weights'; priceWeight: number; performanceWeight: number };

/** What happens when parties lose each other. */
export interface DisconnectRule {
  /** A lessor cut off from its hub stops the containers after this long. */
  stopAfterMs: number;
  /** When a running part is lost: end the others as well, or let them go on. */
  onLoss: 'terminate' | 'continue';
}

/**
 * A lessee's order. `salt` makes two otherwise equal orders different: the order's id is the digest
 * of the signed text, so sending the same text twice is one order.
 *
 * @patent [0023] [0048] ORD-1
 */
export interface BuyOrder {
  lessee: ParticipantId;
  salt: string;
  kind: 'job' | 'service';
  replica: ReplicaRequest;
  count: { min: number; max: number };
  /** Highest price of one replica per hour. */
  limitMicroPerReplicaHour: Micro;
  /** Highest bill of the whole order. */
  budgetMicro: Micro;
  performance: PerformanceRequirement;
  task: TaskSpec;
  priority: MatchingPriority;
  durationMs: number;
  /** Wall time after which nothing more is matched. */
  expiresAtMs: number;
  /** `atomic`: everything agreed starts, or nothing does. `partial`: each part by itself. */
  fill: 'atomic' | 'partial';
  maxLessors: number;
  disconnect: DisconnectRule;
}
