/** Where leased containers lie among control groups, and what they weigh there. */
import { describe, expect, it } from 'vitest';
import { shell } from '../runtime-for-tests.ts';
import { containerOptions } from './container-options.ts';
import { TestEngine, whyNot } from './for-tests.ts';

function hostConfigOf(cpuMillicores: number, cgroupParent: string | null) {
  const container = shell('docker', '');
  const amounts = { ...container.amounts, cpuMillicores };
  const { HostConfig } = containerOptions(
    { ...container, amounts },
    { command: [], env: {} },
    { id: 'i', user: '', digest: 'i' },
    { out: '/o', tmp: '/t' },
    { pidsMax: 1, egressNetwork: null, limitsBandwidth: false, cgroupParent, devices: {} },
  );
  return HostConfig ?? {};
}

describe('control groups of leased containers', () => {
  it('a lease weighs 32 times one of its owner’s programs for each core, up to what engines take', () => {
    expect(hostConfigOf(1_000, null).CpuShares).toBe(32 * 1_024);
    expect(hostConfigOf(500, null).CpuShares).toBe(16 * 1_024);
    expect(hostConfigOf(100_000, null).CpuShares).toBe(262_144);
  });

  it('they lie where the configuration says, and else where the engine has them', () => {
    expect(hostConfigOf(500, '-.slice').CgroupParent).toBe('-.slice');
    expect(hostConfigOf(500, null)).not.toHaveProperty('CgroupParent');
  });

  const missing = whyNot('podman');
  if (missing) console.error(`SKIPPED: control groups of podman: ${missing} on this machine`);

  it.skipIf(missing !== null)(
    'with cgroupfs that is the first level; of systemd only the engine knows the slices',
    async () => {
      for (const [cgroupManager, parent] of [
        ['cgroupfs', '/'],
        ['systemd', null],
      ] as const) {
        const engine = await TestEngine.start('podman', { cgroupManager });
        expect(await engine.engine.cgroupParent()).toBe(parent);
        await engine.close();
      }
    },
  );
});
