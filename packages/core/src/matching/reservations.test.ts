/** What is left of a lot beside reservations. */
import { describe, expect, it } from 'vitest';
import { amounts, GIB, lot, lotGpu, replica, sellOrder } from '../../test/fixtures.ts';
import { withPlacement } from '../order/fit.ts';
import type { Placement } from '../order/placement.ts';
import { Reservations } from './reservations.ts';

const DEVICES = [lotGpu('d1'), lotGpu('d2')];
const LOT = lot('m1', {
  amounts: amounts({ cpuMillicores: 8000, memoryBytes: 8 * GIB }),
  devices: DEVICES,
});
const REQUEST = replica({ cpuMillicores: 2000, memoryBytes: GIB });

function placement(replicas: number, deviceId: string, lotId = 'm1'): Placement {
  const devices = Array.from({ length: replicas }, () => [{ deviceId, milli: 250 }]);
  return { lotId, replicas, devices };
}

describe('reservations', () => {
  it('take out of a lot what all of them hold in it, as one after the other', () => {
    const reservations = new Reservations();
    const [first, second] = [placement(1, 'd1'), placement(2, 'd2')];
    reservations.add('l1.h1', 'a-1.0', REQUEST, [first, placement(1, 'd1', 'm2')]);
    reservations.add('l1.h1', 'b-1.0', REQUEST, [second]);
    const left = [first, second].reduce((rest, one) => withPlacement(rest, REQUEST, one, -1), LOT);
    expect(reservations.free('l1.h1', LOT)).toEqual(left);
    expect(reservations.freeOf(sellOrder('l1.h1', { lots: [LOT] })).lots).toEqual([left]);
    reservations.remove('l1.h1', 'b-1.0');
    expect(reservations.free('l1.h1', LOT)).toEqual(withPlacement(LOT, REQUEST, first, -1));
    reservations.remove('l1.h1', 'a-1.0');
    expect(reservations.free('l1.h1', LOT)).toBe(LOT);
    expect(reservations.has('l1.h1')).toBe(false);
  });

  it('of one part count once, whatever was reserved for it before', () => {
    const reservations = new Reservations();
    reservations.add('l1.h1', 'a-1.0', REQUEST, [placement(2, 'd1')]);
    reservations.add('l1.h1', 'a-1.0', REQUEST, [placement(1, 'd2')]);
    const left = withPlacement(LOT, REQUEST, placement(1, 'd2'), -1);
    expect(reservations.free('l1.h1', LOT)).toEqual(left);
    reservations.remove('l1.h1', 'a-1.0');
    expect(reservations.free('l1.h1', LOT)).toBe(LOT);
  });

  it('leave nothing below zero of a lot that shrank meanwhile', () => {
    const reservations = new Reservations();
    reservations.add('l1.h1', 'a-1.0', REQUEST, [placement(3, 'd1')]);
    const shrunk = { ...LOT, amounts: amounts({ cpuMillicores: 1000, memoryBytes: 4 * GIB }) };
    const left = reservations.free('l1.h1', shrunk);
    expect(left.amounts).toMatchObject({ cpuMillicores: 0, memoryBytes: GIB });
    expect(left.devices.map(({ milli }) => milli)).toEqual([250, 1000]);
  });

  it('tell whose offers are to be looked at again', () => {
    const reservations = new Reservations();
    reservations.remove('l1.h1', 'a-1.0');
    expect([...reservations.changed]).toEqual([]);
    reservations.add('l1.h1', 'a-1.0', REQUEST, [placement(1, 'd1')]);
    expect([...reservations.changed]).toEqual(['l1.h1']);
  });
});
