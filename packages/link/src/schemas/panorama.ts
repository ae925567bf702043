/** Schemas of panorama rows as hubs exchange them. */
import type {
  LeaseChange,
  LeaseRow,
  PanoramaRow,
  PartVersion,
  ResourceRow,
  RowForm,
  SharedRow,
  SignedUpdate,
} from '@sparegrid/core/panorama/row';
import { z } from 'zod';
import { publishedSpec, specForm } from './resource-spec.ts';
import { amount, hubId, list, MANY, name, participantId } from './scalars.ts';
import { schemaFor } from './schema-for.ts';
import { sellOrder, terms } from './sell-order.ts';

const resourceRow = schemaFor<ResourceRow>()(
  z.strictObject({
    kind: z.literal('resource'),
    participant: participantId,
    revision: amount,
    spec: publishedSpec.nullable(),
  }),
);

export const leaseRow = schemaFor<LeaseRow>()(
  z.strictObject({
    kind: z.literal('lease'),
    participant: participantId,
    revision: amount,
    offer: sellOrder.nullable(),
  }),
);

export const panoramaRow = schemaFor<PanoramaRow>()(
  z.discriminatedUnion('kind', [resourceRow, leaseRow]),
);

export const partVersionFields = {
  hub: hubId,
  epoch: amount,
  revision: amount,
  complete: z.boolean(),
  digest: name,
};

export const partVersion = schemaFor<PartVersion>()(z.strictObject(partVersionFields));

const rows = list(panoramaRow, MANY);

const leaseChange = schemaFor<LeaseChange>()(
  z.strictObject({
    participant: participantId,
    since: amount,
    revision: amount,
    figures: list(amount, MANY),
  }),
);

const rowForm = schemaFor<RowForm>()(
  z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('resource'), spec: specForm }),
    z.strictObject({ kind: z.literal('lease'), terms }),
  ]),
);

const sharedRow = schemaFor<SharedRow>()(
  z.strictObject({
    participant: participantId,
    revision: amount,
    form: amount,
    figures: list(amount, MANY),
  }),
);

export const delta = z.strictObject({
  type: z.literal('delta'),
  epoch: amount,
  from: amount,
  to: amount,
  complete: z.boolean(),
  rows,
  changes: list(leaseChange, MANY),
});

export const snapshot = z.strictObject({
  type: z.literal('snapshot'),
  epoch: amount,
  revision: amount,
  complete: z.boolean(),
  chunk: amount,
  chunks: amount,
  rows,
  forms: list(rowForm, MANY),
  shared: list(sharedRow, MANY),
});

export const signedUpdate = schemaFor<SignedUpdate>()(
  z.strictObject({ owner: hubId, update: z.discriminatedUnion('type', [delta, snapshot]) }),
);
