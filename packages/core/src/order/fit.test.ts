import { describe, expect, it } from 'vitest';
import { amounts, deviceRequest, GIB, lot, lotGpu, replica } from '../../test/fixtures.ts';
import { placementFits, placeReplicas, replicasThatFit, withPlacement } from './fit.ts';

describe('a share of a device', () => {
  const half = replica({ device: deviceRequest({ shareMilli: 500 }) });

  it('goes to the device with the least room, so that whole ones stay whole', () => {
    const devices = [lotGpu('a'), lotGpu('b', 600)];
    expect(placeReplicas(lot('m1', { devices }), half, 2).devices).toEqual([
      [{ deviceId: 'b', milli: 500 }],
      [{ deviceId: 'a', milli: 500 }],
    ]);
  });

  it('goes to the smaller id among equals', () => {
    const devices = [lotGpu('b'), lotGpu('a')];
    expect(placeReplicas(lot('m1', { devices }), half, 1).devices[0]?.[0]?.deviceId).toBe('a');
  });

  it('does not spread over two devices', () => {
    const devices = [lotGpu('a', 300), lotGpu('b', 300)];
    expect(replicasThatFit(lot('m1', { devices }), half, 9)).toBe(0);
  });

  it('goes only to devices of the kind that was asked for', () => {
    const devices = [lotGpu('a', 1000, { model: 'G2' }), lotGpu('b', 1000, { memoryBytes: GIB })];
    const request = deviceRequest({ models: ['G2'], minMemoryBytes: 2 * GIB });
    expect(replicasThatFit(lot('m1', { devices }), replica({ device: request }), 9)).toBe(1);
    const foreign = { ...request, vendor: 'other' };
    expect(replicasThatFit(lot('m1', { devices }), replica({ device: foreign }), 9)).toBe(0);
  });
});

describe('a placement does not fit', () => {
  const devices = [lotGpu('a'), lotGpu('b', 999)];
  const whole = lot('m1', { devices });
  const share = (deviceId: string, milli = 1000) => ({ deviceId, milli });
  const pair = replica({ device: deviceRequest({ count: 2 }) });
  const one = replica({ device: deviceRequest() });

  it.each([
    ['another lot', one, { lotId: 'm2', replicas: 1, devices: [[share('a')]] }],
    ['no replica', one, { lotId: 'm1', replicas: 0, devices: [] }],
    [
      'fewer device lists than replicas',
      one,
      { lotId: 'm1', replicas: 2, devices: [[share('a')]] },
    ],
    [
      'a device that is not wholly free',
      one,
      { lotId: 'm1', replicas: 1, devices: [[share('b')]] },
    ],
    ['an unknown device', one, { lotId: 'm1', replicas: 1, devices: [[share('c')]] }],
    ['another share than asked', one, { lotId: 'm1', replicas: 1, devices: [[share('a', 1)]] }],
    ['fewer devices than asked', pair, { lotId: 'm1', replicas: 1, devices: [[share('a')]] }],
    [
      'one device twice for one replica',
      pair,
      { lotId: 'm1', replicas: 1, devices: [[share('a'), share('a')]] },
    ],
    [
      'one device for two replicas',
      one,
      { lotId: 'm1', replicas: 2, devices: [[share('a')], [share('a')]] },
    ],
    [
      'devices that nobody asked for',
      replica(),
      { lotId: 'm1', replicas: 1, devices: [[share('a')]] },
    ],
    [
      'more than the amounts',
      replica(),
      { lotId: 'm1', replicas: 5, devices: [[], [], [], [], []] },
    ],
  ])('with %s', (_what, request, placement) => {
    expect(placementFits(whole, request, placement)).toBe(false);
  });
});

describe('taking out of a lot', () => {
  it('never goes below zero: an offer may have shrunk below what is taken', () => {
    const small = lot('m1', {
      amounts: amounts({ cpuMillicores: 500 }),
      devices: [lotGpu('a', 100)],
    });
    const request = replica({ device: deviceRequest({ shareMilli: 500 }) });
    const placement = { lotId: 'm1', replicas: 1, devices: [[{ deviceId: 'a', milli: 500 }]] };
    const left = withPlacement(small, request, placement, -1);
    expect(left.amounts.cpuMillicores).toBe(0);
    expect(left.devices[0]?.milli).toBe(0);
  });
});
