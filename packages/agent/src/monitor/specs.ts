/** Reads what this machine is: processor, memory, disk, devices, network, each with its model. */
import { statfs } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import type { MachineSpec } from '@sparegrid/core/order/resource-spec';
import type { DeviceSpec, FlopsRate } from '@sparegrid/core/units/resources';
import si from 'systeminformation';

/** What the configuration knows of the machine and the machine does not tell. */
export interface MachineSettings {
  /** Stable and unique within the participant. */
  id: string;
  /** Null: what the network interface states; 0 when it states nothing. */
  bandwidthBitsPerSecond: number | null;
  /** As measured by whoever configures it: nothing is measured here. */
  flops: FlopsRate[];
  /** Containers keep their files here. */
  directory: string;
}

/** Stands for what the machine does not tell; nothing is ever guessed. */
export const UNKNOWN = 'unknown';

const BYTES_PER_MIB = 1_048_576;
const BITS_PER_MEGABIT = 1_000_000;

/** OCI names of architectures, as image indexes use them. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' };

/**
 * The same machine gives the same answer every time: current speeds and loads are left out.
 *
 * @patent [0036]
 */
export async function readMachine(settings: MachineSettings): Promise<MachineSpec> {
  const [cpu, system, memory, modules, storage, graphics, network] = await Promise.all([
    si.cpu(),
    si.system(),
    si.mem(),
    si.memLayout(),
    readStorage(settings.directory),
    si.graphics(),
    readBandwidth(),
  ]);
  return {
    id: settings.id,
    processor: {
      model: processorModel(cpu, system.virtual),
      architecture: ARCHITECTURES[process.arch] ?? process.arch,
      cpuMillicores: Math.min(cpu.cores, availableParallelism()) * 1000,
      megahertz: Math.round((cpu.speedMax || cpu.speed || 0) * 1000),
    },
    memory: { model: memoryModel(modules), memoryBytes: usableMemory(memory.total) },
    storage,
    gpu: graphics.controllers.filter(isDevice).map(deviceOf),
    flops: settings.flops,
    bandwidthBitsPerSecond: settings.bandwidthBitsPerSecond ?? network,
  };
}

function processorModel(cpu: si.Systeminformation.CpuData, virtual: boolean): string {
  const model = [cpu.manufacturer, cpu.brand].filter(Boolean).join(' ') || UNKNOWN;
  return virtual ? `${model} (virtual)` : model;
}

function memoryModel(modules: readonly si.Systeminformation.MemLayoutData[]): string {
  const names = modules.map(({ manufacturer, partNum, type }) =>
    [manufacturer, partNum, type].filter(Boolean).join(' '),
  );
  return [...new Set(names.filter(Boolean))].sort().join(', ') || UNKNOWN;
}

/** A control group may allow this process less than the machine has. */
function usableMemory(totalBytes: number): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(constrained, totalBytes) : totalBytes;
}

/** The disks; where they are hidden (virtual machines, containers) the file system in use. */
async function readStorage(directory: string): Promise<MachineSpec['storage']> {
  const disks = await si.diskLayout();
  const sizeBytes = disks.reduce((sum, disk) => sum + (disk.size || 0), 0);
  if (sizeBytes > 0) {
    const names = disks.map(({ vendor, name }) => [vendor, name].filter(Boolean).join(' '));
    return { model: names.filter(Boolean).join(', ') || UNKNOWN, storageBytes: sizeBytes };
  }
  const { blocks, bsize } = await statfs(directory);
  return { model: UNKNOWN, storageBytes: blocks * bsize };
}

/** Display adapters without memory of their own compute nothing. */
function isDevice({ vram, vramDynamic }: si.Systeminformation.GraphicsControllerData): boolean {
  return (vram ?? 0) > 0 && !vramDynamic;
}

function deviceOf(
  { vendor, model, vram, busAddress }: si.Systeminformation.GraphicsControllerData,
  index: number,
): DeviceSpec {
  return {
    id: busAddress || `gpu${index}`,
    vendor: vendor || UNKNOWN,
    model: model || UNKNOWN,
    memoryBytes: (vram ?? 0) * BYTES_PER_MIB,
  };
}

/** Speed of the interface with the default route; virtual ones state none: 0. */
async function readBandwidth(): Promise<number> {
  const found = await si.networkInterfaces('default');
  const [network] = Array.isArray(found) ? found : [found];
  return Math.max(0, network?.speed ?? 0) * BITS_PER_MEGABIT;
}
