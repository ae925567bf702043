import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lots, requests } from '../../test/arbitraries.ts';
import { AMOUNT_FIELDS, acceptsDevice, type ReplicaRequest } from '../units/resources.ts';
import { placementFits, placeReplicas, replicasThatFit, withPlacement } from './fit.ts';
import type { Lot } from './sell-order.ts';

const LIMIT = 6;

/** The most replicas by trying every choice of devices for one replica after the other. */
function mostByForce(lot: Lot, request: ReplicaRequest, limit = LIMIT): number {
  if (limit === 0 || AMOUNT_FIELDS.some((field) => lot.amounts[field] < request[field])) return 0;
  let most = 0;
  for (const chosen of choicesOf(lot, request)) {
    const devices = lot.devices.map((device) =>
      chosen.includes(device.id)
        ? { ...device, milli: device.milli - (request.device?.shareMilli ?? 0) }
        : device,
    );
    const amounts = { ...lot.amounts };
    for (const field of AMOUNT_FIELDS) amounts[field] -= request[field];
    most = Math.max(most, 1 + mostByForce({ ...lot, amounts, devices }, request, limit - 1));
  }
  return most;
}

/** Every set of devices that could serve one replica; one empty set when it needs none. */
function choicesOf({ devices }: Lot, { device: wanted }: ReplicaRequest): string[][] {
  if (!wanted) return [[]];
  const able = devices.filter(
    (one) => acceptsDevice(wanted, one) && one.milli >= wanted.shareMilli,
  );
  const ids = able.map(({ id }) => id);
  if (wanted.count === 1) return ids.map((id) => [id]);
  return ids.flatMap((id, index) => ids.slice(index + 1).map((other) => [id, other]));
}

describe('replicas in a lot', () => {
  it('are counted as by brute force', () => {
    fc.assert(
      fc.property(lots, requests, (lot, request) => {
        expect(replicasThatFit(lot, request, LIMIT)).toBe(mostByForce(lot, request));
      }),
      { numRuns: 300 },
    );
  });

  it('that fit by count can be placed, and the placement fits', () => {
    fc.assert(
      fc.property(lots, requests, (lot, request) => {
        const count = replicasThatFit(lot, request, LIMIT);
        const placement = placeReplicas(lot, request, count);
        expect(placement.replicas).toBe(count);
        expect(placementFits(lot, request, placement)).toBe(count > 0);
      }),
      { numRuns: 500 },
    );
  });

  it('leave no room for one more when all that fit are placed', () => {
    fc.assert(
      fc.property(lots, requests, (lot, request) => {
        const count = replicasThatFit(lot, request, LIMIT);
        fc.pre(count > 0 && count < LIMIT);
        const left = withPlacement(lot, request, placeReplicas(lot, request, count), -1);
        expect(replicasThatFit(left, request, 1)).toBe(0);
        expect(placementFits(left, request, placeReplicas(lot, request, 1))).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it('never take more than a whole device, and whole devices only where nothing else is', () => {
    fc.assert(
      fc.property(lots, requests, (lot, request) => {
        fc.pre(request.device !== null);
        const placement = placeReplicas(lot, request, replicasThatFit(lot, request, LIMIT));
        const taken = new Map<string, number>();
        for (const { deviceId, milli } of placement.devices.flat()) {
          taken.set(deviceId, (taken.get(deviceId) ?? 0) + milli);
        }
        for (const { id, milli } of lot.devices) {
          expect(taken.get(id) ?? 0).toBeLessThanOrEqual(milli);
          if (request.device?.shareMilli === 1000 && taken.has(id)) expect(milli).toBe(1000);
        }
      }),
    );
  });

  it('given back leave the lot as it was', () => {
    fc.assert(
      fc.property(lots, requests, (lot, request) => {
        const placement = placeReplicas(lot, request, replicasThatFit(lot, request, LIMIT));
        const less = withPlacement(lot, request, placement, -1);
        expect(withPlacement(less, request, placement, 1)).toEqual(lot);
      }),
    );
  });
});
