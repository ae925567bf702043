/** Schema of sell orders. */
import type {
  Asks,
  ImagePolicy,
  Lot,
  LotDevice,
  SellOrder,
  TaskCapabilities,
} from '@sparegrid/core/order/sell-order';
import { z } from 'zod';
import { deviceModelFields, flopsRate, provision, resourceAmounts } from './resources.ts';
import {
  amount,
  FEW,
  list,
  MANY,
  mapOf,
  micro,
  name,
  participantId,
  permille,
  SOME,
} from './scalars.ts';
import { schemaFor } from './schema-for.ts';

const asks = schemaFor<Asks>()(
  z.strictObject({
    cpuMicroPerCoreHour: micro,
    memoryMicroPerGibHour: micro,
    storageMicroPerGibHour: micro,
    bandwidthMicroPerGbitHour: micro,
    deviceMicroPerHour: micro,
  }),
);

const lotDevice = schemaFor<LotDevice>()(
  z.strictObject({ id: name, ...deviceModelFields, milli: permille }),
);

const lot = schemaFor<Lot>()(
  z.strictObject({
    id: name.min(1),
    amounts: resourceAmounts,
    devices: list(lotDevice, SOME),
    asks,
    performance: z.strictObject({ score: amount, flops: list(flopsRate, FEW) }),
    labels: mapOf(name, name, FEW),
  }),
);

export const jobKind = z.enum(['job', 'service']);

const taskCapabilities = schemaFor<TaskCapabilities>()(
  z.strictObject({
    kinds: list(jobKind, FEW),
    architectures: list(name, FEW),
    egress: z.boolean(),
    capabilities: list(name, FEW),
  }),
);

const imagePolicy = schemaFor<ImagePolicy>()(z.strictObject({ allow: list(name, SOME) }));

export const sellOrder = schemaFor<SellOrder>()(
  z.strictObject({
    participant: participantId,
    revision: amount,
    termsRevision: amount,
    provision,
    efficiencyPermille: permille,
    capabilities: taskCapabilities,
    imagePolicy,
    validUntilMs: amount,
    lots: list(lot, MANY),
  }),
);
