/** Schema of sell orders. */
import type {
  Asks,
  ImagePolicy,
  Lot,
  LotDevice,
  SellOrder,
  TaskCapabilities,
} from '@sparegrid/core/order/sell-order';
import type { LotTerms, Terms } from '@sparegrid/core/panorama/figures';
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

const deviceFields = { id: name, ...deviceModelFields };

const lotDevice = schemaFor<LotDevice>()(z.strictObject({ ...deviceFields, milli: permille }));

const flops = list(flopsRate, FEW);
const lotFields = { id: name.min(1), labels: mapOf(name, name, FEW) };

const lot = schemaFor<Lot>()(
  z.strictObject({
    ...lotFields,
    amounts: resourceAmounts,
    devices: list(lotDevice, SOME),
    asks,
    performance: z.strictObject({ score: amount, flops }),
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

const termsFields = {
  provision,
  efficiencyPermille: permille,
  capabilities: taskCapabilities,
  imagePolicy,
};

export const sellOrder = schemaFor<SellOrder>()(
  z.strictObject({
    participant: participantId,
    revision: amount,
    termsRevision: amount,
    ...termsFields,
    validUntilMs: amount,
    lots: list(lot, MANY),
  }),
);

const lotTerms = schemaFor<LotTerms>()(
  z.strictObject({ ...lotFields, flops, devices: list(z.strictObject(deviceFields), SOME) }),
);

/** An offer without its figures. */
export const terms = schemaFor<Terms>()(
  z.strictObject({ ...termsFields, lots: list(lotTerms, MANY) }),
);
