/** Schemas of resource amounts, devices and what one replica asks of them. */
import type { Placement } from '@sparegrid/core/order/placement';
import type {
  DeviceRequest,
  DeviceShare,
  DeviceSpec,
  FlopsRate,
  Provision,
  ReplicaRequest,
  ResourceAmounts,
} from '@sparegrid/core/units/resources';
import { z } from 'zod';
import { amount, FEW, list, MANY, name, permille, SOME } from './scalars.ts';
import { schemaFor } from './schema-for.ts';

const amountFields = {
  cpuMillicores: amount,
  memoryBytes: amount,
  storageBytes: amount,
  bandwidthBitsPerSecond: amount,
};

export const resourceAmounts = schemaFor<ResourceAmounts>()(z.strictObject(amountFields));

export const deviceModelFields = { vendor: name, model: name, memoryBytes: amount };

export const deviceSpec = schemaFor<DeviceSpec>()(
  z.strictObject({ id: name, ...deviceModelFields }),
);

export const deviceRequest = schemaFor<DeviceRequest>()(
  z.strictObject({
    count: amount,
    shareMilli: permille,
    models: list(name, FEW),
    vendor: name.nullable(),
    minMemoryBytes: amount,
  }),
);

export const replicaRequest = schemaFor<ReplicaRequest>()(
  z.strictObject({ ...amountFields, device: deviceRequest.nullable() }),
);

export const deviceShare = schemaFor<DeviceShare>()(
  z.strictObject({ deviceId: name, milli: permille }),
);

export const placement = schemaFor<Placement>()(
  z.strictObject({
    lotId: name,
    replicas: amount,
    devices: list(list(deviceShare, SOME), MANY),
  }),
);

export const flopsRate = schemaFor<FlopsRate>()(
  z.strictObject({
    precision: z.enum(['fp64', 'fp32', 'fp16', 'bf16', 'int8']),
    giga: amount,
  }),
);

export const provision = schemaFor<Provision>()(z.enum(['single', 'distributed']));
