/** The elapsed clock over restarts of the process and of the machine. */
import { describe, expect, it } from 'vitest';
import { ElapsedClock, machineTime, type TimeSource } from './elapsed-clock.ts';

/** A machine whose clocks are moved by hand. */
function machine(bootId: string, uptimeMs: number) {
  let sinceMs = 0;
  let wallMs = 1_800_000_000_000;
  const source: TimeSource = {
    bootId,
    uptimeMs: () => uptimeMs + sinceMs,
    monotonicMs: () => 7 + sinceMs,
    wallMs: () => wallMs,
  };
  return {
    source,
    pass: (ms: number) => {
      sinceMs += ms;
      wallMs += ms;
    },
    setWall: (ms: number) => {
      wallMs = ms;
    },
  };
}

function recordOf(clock: ElapsedClock): string | null {
  return clock.record(clock.now()).text;
}

describe('elapsed clock', () => {
  it('starts at zero with a new store and counts whole milliseconds', () => {
    const { source, pass } = machine('boot-1', 500_000);
    const clock = new ElapsedClock(null, source);
    expect(clock.now().elapsedMs).toBe(0);
    pass(12.75);
    expect(clock.now().elapsedMs).toBe(12);
  });

  it('counts the time between two lives of the process', () => {
    const { source, pass } = machine('boot-1', 500_000);
    const first = new ElapsedClock(null, source);
    pass(1_000);
    const record = recordOf(first);
    pass(5_000);
    const second = new ElapsedClock(record, source);
    expect(second.now().elapsedMs).toBe(6_000);
  });

  it('goes on from its record after a reboot', () => {
    const before = machine('boot-1', 500_000);
    const first = new ElapsedClock(null, before.source);
    before.pass(1_000);
    const after = machine('boot-2', 3_000);
    const second = new ElapsedClock(recordOf(first), after.source);
    expect(second.now().elapsedMs).toBe(1_000);
    after.pass(10);
    expect(second.now().elapsedMs).toBe(1_010);
  });

  it('never falls, not even when the uptime does', () => {
    const first = new ElapsedClock(null, machine('boot-1', 500_000).source);
    const second = new ElapsedClock(recordOf(first), machine('boot-1', 400_000).source);
    expect(second.now().elapsedMs).toBe(0);
  });

  it('does not follow jumps of the wall clock', () => {
    const { source, setWall } = machine('boot-1', 500_000);
    const clock = new ElapsedClock(null, source);
    setWall(0);
    expect(clock.now()).toEqual({ elapsedMs: 0, wallMs: 0 });
  });

  it('reads the clocks of this machine', () => {
    const source = machineTime();
    expect(source.bootId).toMatch(/^[0-9a-f-]{36}$/);
    expect(source.uptimeMs()).toBeGreaterThan(0);
  });
});
