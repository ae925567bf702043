/** What an agent's configuration file may say, and how it is refused. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateKey, publicKeyOf } from '@sparegrid/link/keys';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readAgentConfig } from './config.ts';

const OFFER = {
  cpu: '500m',
  memory: '1Gi',
  asks: { cpuPerCoreHour: '0.02', memoryPerGibHour: '0.005' },
};

function valid() {
  return {
    id: 'p1.h1',
    keyFile: 'p1.key',
    store: 'data/p1.db',
    hub: { id: 'h1', publicKey: publicKeyOf(generateKey()), socket: 'run/h1.local.sock' },
    organization: { id: 'LEI1', name: 'One', kind: 'institution' },
    sealing: { keyFile: 'p1.seal.key', chainFile: 'p1.chain.json' },
    offer: OFFER,
    runtime: { kind: 'process', directory: 'data/containers' },
  };
}

describe('agent configuration', () => {
  let folder: string;
  let path: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sparegrid-config-'));
    path = join(folder, 'p1.json');
  });

  afterEach(() => rm(folder, { recursive: true }));

  async function read(content: unknown) {
    await writeFile(path, JSON.stringify(content));
    return readAgentConfig(path);
  }

  it('turns quantities and credits into base units, and takes paths from its folder', async () => {
    expect(await read(valid())).toMatchObject({
      config: { id: 'p1.h1', collect: 'push', hub: { id: 'h1' } },
      hubSockets: [join(folder, 'run/h1.local.sock')],
      lending: {
        machine: { id: 'm1', bandwidthBitsPerSecond: null, flops: [] },
        offer: {
          cpu: 500,
          memory: 2 ** 30,
          storage: 0,
          asks: { cpuPerCoreHour: 20_000n, memoryPerGibHour: 5_000n, devicePerHour: 0n },
          kinds: ['job', 'service'],
        },
        runtime: { directory: join(folder, 'data/containers'), programs: ['node', 'sh'] },
      },
    });
  });

  it('needs neither offer nor runtime in the role of a lessee', async () => {
    const { offer: _, runtime: __, ...rest } = valid();
    expect(await read({ ...rest, role: 'lessee' })).toMatchObject({ lending: null });
    expect(() => readAgentConfig(path, 'lessor')).toThrow(/offer and runtime/);
  });

  it('takes the role that is asked for instead of its own', async () => {
    await read(valid());
    expect(readAgentConfig(path, 'lessee')).toMatchObject({ lending: null });
  });

  it.each([
    [
      'cpu that is no quantity',
      { offer: { ...OFFER, cpu: 'two' } },
      'offer.cpu: expected a quantity',
    ],
    ['more memory than there can be', { offer: { ...OFFER, memory: '5P' } }, 'offer.memory'],
    [
      'an ask that is a float',
      { offer: { ...OFFER, asks: { ...OFFER.asks, cpuPerCoreHour: 0.02 } } },
      'offer.asks.cpuPerCoreHour',
    ],
    [
      'an ask with too many decimals',
      { offer: { ...OFFER, asks: { ...OFFER.asks, cpuPerCoreHour: '0.0000001' } } },
      'offer.asks.cpuPerCoreHour: expected credits',
    ],
    [
      'a program that is a path',
      { runtime: { kind: 'process', directory: 'd', programs: ['/bin/sh'] } },
      'runtime.programs.0',
    ],
    ['a runtime that is not there', { runtime: { kind: 'none', directory: 'd' } }, 'runtime.kind'],
    ['another hub than its own', { id: 'p1.h2' }, 'hub.id'],
    ['an unknown field', { roles: 'lessee' }, 'roles'],
    ['a lessor without a runtime', { runtime: undefined }, 'offer'],
  ])('refuses %s, naming file and field', async (_what, change, message) => {
    const refused = read({ ...valid(), ...change });
    await expect(refused).rejects.toMatchObject({ code: 'CONFIG_MALFORMED' });
    await expect(refused).rejects.toThrow(path);
    await expect(refused).rejects.toThrow(message);
  });
});
