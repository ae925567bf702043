/** Reads the node and pod tables of the openb GPU cluster trace. */
import type { GpuWish, ReplayNode, ReplayOrder } from '@sparegrid/sim/replay/scenario';
import { type CsvRow, readCsv, readNamed } from './csv-file.ts';

/** 4,194,304 cores; products with prices stay exact far beyond it. */
export const CPU_MILLI_MAX = 2 ** 32;
/** 4 PiB: bytes stay below the largest amount that hubs accept. */
export const MEMORY_MIB_MAX = 2 ** 32;
/** Devices of one lot at most, as hubs accept them. */
const GPUS_MAX = 1_024;
/** Models that one order may name, as hubs accept them. */
const MODELS_MAX = 64;

const QOS: Readonly<Record<string, ReplayOrder['priority']>> = {
  LS: 'performance',
  Guaranteed: 'performance',
  BE: 'price',
  Burstable: 'price',
};

/** Nodes in the order of the file. @throws CliFault with file, line and field */
export function readOpenbNodes(file: string): ReplayNode[] {
  const rows = readCsv(file, ['sn', 'cpu_milli', 'memory_mib', 'gpu', 'model']);
  return readNamed(rows, 'sn', (row) => {
    const gpus = row.whole('gpu', { max: GPUS_MAX });
    const model = gpus > 0 ? row.name('model') : '';
    return { name: row.name('sn'), ...amountsOf(row), gpus, model };
  });
}

/** Pods in the order of the file, which is that of their creation. @throws as above */
export function readOpenbPods(file: string): ReplayOrder[] {
  const columns = ['name', 'cpu_milli', 'memory_mib', 'num_gpu', 'gpu_milli', 'gpu_spec', 'qos'];
  return readNamed(readCsv(file, columns), 'name', (row) => {
    const qos = row.text('qos');
    const priority = Object.hasOwn(QOS, qos) ? QOS[qos] : undefined;
    if (!priority) {
      throw row.malformed('qos', `expected one of ${Object.keys(QOS).join(', ')}, got '${qos}'`);
    }
    return { name: row.name('name'), replicas: 1, ...amountsOf(row), gpu: gpuOf(row), priority };
  });
}

function amountsOf(row: CsvRow): { cpuMilli: number; memoryMib: number } {
  return {
    cpuMilli: row.whole('cpu_milli', { max: CPU_MILLI_MAX }),
    memoryMib: row.whole('memory_mib', { max: MEMORY_MIB_MAX }),
  };
}

/** `gpu_milli` is a share of one GPU when one is asked for; several are asked for whole. */
function gpuOf(row: CsvRow): GpuWish | null {
  const count = row.whole('num_gpu', { max: GPUS_MAX });
  const milli = row.whole('gpu_milli', { max: 1_000 });
  if (count === 0) return null;
  if (milli === 0) throw row.range('gpu_milli', 'expected 1 to 1000 where num_gpu is not 0');
  if (count > 1 && milli !== 1_000) {
    throw row.range('gpu_milli', `expected 1000 where num_gpu is ${count}`);
  }
  const models = row
    .text('gpu_spec')
    .split('|')
    .filter((model) => model !== '');
  if (models.length > MODELS_MAX) {
    throw row.range('gpu_spec', `expected at most ${MODELS_MAX} models`);
  }
  return { count, milli, models: [...new Set(models)] };
}
