/** Schema of the resource information of a participant. */
import type {
  MachineSpec,
  Organization,
  PublishedSpec,
  ResourceSpec,
} from '@sparegrid/core/order/resource-spec';
import type { SpecForm } from '@sparegrid/core/panorama/row';
import { z } from 'zod';
import { deviceSpec, flopsRate, provision } from './resources.ts';
import { amount, FEW, list, MANY, name, participantId, SOME } from './scalars.ts';
import { schemaFor } from './schema-for.ts';

export const organization = schemaFor<Organization>()(
  z.strictObject({
    id: name,
    name,
    kind: z.enum(['government', 'sector', 'company', 'institution']),
  }),
);

const machineSpec = schemaFor<MachineSpec>()(
  z.strictObject({
    id: name.min(1),
    processor: z.strictObject({
      model: name,
      architecture: name,
      cpuMillicores: amount,
      megahertz: amount,
    }),
    memory: z.strictObject({ model: name, memoryBytes: amount }),
    storage: z.strictObject({ model: name, storageBytes: amount }),
    gpu: list(deviceSpec, SOME),
    flops: list(flopsRate, FEW),
    bandwidthBitsPerSecond: amount,
  }),
);

const formFields = {
  provision,
  machines: list(machineSpec, MANY),
  serverCluster: z.strictObject({ name, scheduler: name }).nullable(),
  distributed: z.strictObject({ interconnect: name, nodes: amount }).nullable(),
};

const specFields = { participant: participantId, revision: amount, ...formFields };

export const resourceSpec = schemaFor<ResourceSpec>()(
  z.strictObject({ ...specFields, organization }),
);

export const publishedSpec = schemaFor<PublishedSpec>()(
  z.strictObject({ ...specFields, organization: organization.nullable() }),
);

export const specForm = schemaFor<SpecForm>()(
  z.strictObject({ ...formFields, organization: organization.nullable() }),
);
