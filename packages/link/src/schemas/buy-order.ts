/** Schemas of buy orders and of the task in them. */
import {
  type BuyOrder,
  type DisconnectRule,
  type MatchingPriority,
  type PerformanceRequirement,
  RESTARTS_MAX,
  type RegistryLogin,
  type TaskPrivate,
  type TaskPublic,
  type TaskSpec,
} from '@sparegrid/core/order/buy-order';
import { z } from 'zod';
import { sealKey } from './identity.ts';
import { flopsRate, replicaRequest } from './resources.ts';
import {
  amount,
  digest,
  FEW,
  list,
  mapOf,
  micro,
  name,
  participantId,
  permille,
  SOME,
  text,
} from './scalars.ts';
import { schemaFor } from './schema-for.ts';
import { jobKind } from './sell-order.ts';

const taskPublic = schemaFor<TaskPublic>()(
  z.strictObject({
    image: name.min(1),
    architecture: name.nullable(),
    egress: z.boolean(),
    capabilities: list(name, FEW),
    restarts: z.int().min(0).max(RESTARTS_MAX).optional(),
  }),
);

/** Names without `=`, texts without NUL: what an operating system can pass to a program. */
const word = text.regex(/^[^\0]*$/, 'expected no NUL character');
const variable = name.regex(/^[^=\0]+$/, 'expected a name without = and NUL');

const registryLogin = schemaFor<RegistryLogin>()(
  z.strictObject({ address: name.min(1), username: name, password: text }),
);

export const taskPrivate = schemaFor<TaskPrivate>()(
  z.strictObject({
    command: list(word, SOME),
    env: mapOf(variable, word, SOME),
    registry: registryLogin.nullish(),
  }),
);

export const taskSpec = schemaFor<TaskSpec>()(
  z.strictObject({ public: taskPublic, privateDigest: digest, sealKey: sealKey.optional() }),
);

const performance = schemaFor<PerformanceRequirement>()(
  z.strictObject({
    minScore: amount,
    minFlops: list(flopsRate, FEW),
    provision: z.enum(['single', 'distributed', 'any']),
    labels: mapOf(name, name, FEW),
  }),
);

const priority = schemaFor<MatchingPriority>()(
  z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('price') }),
    z.strictObject({ kind: z.literal('performance') }),
    z.strictObject({
      kind: z.literal('weights'),
      priceWeight: permille,
      performanceWeight: permille,
    }),
  ]),
);

export const disconnectRule = schemaFor<DisconnectRule>()(
  z.strictObject({ stopAfterMs: amount, onLoss: z.enum(['terminate', 'continue']) }),
);

/** Ranges that have a code of their own (count, duration, devices, budget) are checked by core. */
export const buyOrder = schemaFor<BuyOrder>()(
  z.strictObject({
    lessee: participantId,
    salt: name,
    kind: jobKind,
    replica: replicaRequest,
    count: z.strictObject({ min: amount, max: amount }),
    limitMicroPerReplicaHour: micro,
    budgetMicro: micro,
    performance,
    task: taskSpec,
    priority,
    durationMs: amount,
    expiresAtMs: amount,
    fill: z.enum(['atomic', 'partial']),
    maxLessors: amount,
    disconnect: disconnectRule,
  }),
);
