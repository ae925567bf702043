/** Doors of a hub. */
import { expect, test } from 'vitest';
import { hubSockets, mayEnter } from './addresses.ts';

test('a hub has one socket for each door', () => {
  expect(hubSockets('/run/sg', 'h1')).toEqual({
    mesh: '/run/sg/h1.mesh.sock',
    local: '/run/sg/h1.local.sock',
  });
});

test('other hubs come in by the mesh, own participants by the local door, nobody else', () => {
  const doors = (from: string) => [mayEnter('mesh', 'h1', from), mayEnter('local', 'h1', from)];
  expect(doors('h2')).toEqual([true, false]);
  expect(doors('a.h1')).toEqual([false, true]);
  expect(doors('a.h2')).toEqual([false, false]);
  expect(doors('h1')).toEqual([false, false]);
  expect(doors('H 2')).toEqual([false, false]);
});
