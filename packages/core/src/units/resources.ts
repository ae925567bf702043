/** Amounts of computing resources: integers in base units, devices with shares in thousandths. */

/** Divisible resources of one machine slice or one replica. */
export interface ResourceAmounts {
  cpuMillicores: number;
  memoryBytes: number;
  storageBytes: number;
  bandwidthBitsPerSecond: number;
}

export const AMOUNT_FIELDS = [
  'cpuMillicores',
  'memoryBytes',
  'storageBytes',
  'bandwidthBitsPerSecond',
] as const satisfies readonly (keyof ResourceAmounts)[];

/** A whole device is this many thousandths. */
export const WHOLE_DEVICE_MILLI = 1000;

/** What a device is: the part of its description that requests are compared with. */
export interface DeviceModel {
  vendor: string;
  /** Model name as the market writes it, for example `V100M16`. */
  model: string;
  memoryBytes: number;
}

/** A device of a machine (GPU); `id` is stable and unique within its machine. */
export interface DeviceSpec extends DeviceModel {
  id: string;
}

/**
 * What one replica asks of devices: `count` devices of one of `models` (empty: any).
 * A share below {@link WHOLE_DEVICE_MILLI} needs `count` 1; whole devices must be wholly free.
 */
export interface DeviceRequest {
  count: number;
  shareMilli: number;
  models: string[];
  vendor: string | null;
  minMemoryBytes: number;
}

/** What one replica needs; it fits into one lot. */
export interface ReplicaRequest extends ResourceAmounts {
  device: DeviceRequest | null;
}

/** A share of one device that a replica holds. */
export interface DeviceShare {
  deviceId: string;
  milli: number;
}

/** Precision-qualified speed in whole 10^9 operations per second (`int8` counts integer ones). */
export interface FlopsRate {
  precision: 'fp64' | 'fp32' | 'fp16' | 'bf16' | 'int8';
  giga: number;
}

/** How resources are provided: one machine, or several that act as one. @patent [0036] PAN-2 */
export type Provision = 'single' | 'distributed';

export function addAmounts(into: ResourceAmounts, amounts: ResourceAmounts, times: number): void {
  for (const field of AMOUNT_FIELDS) into[field] += amounts[field] * times;
}

/** True when every field of `need` is at most that of `have`. */
export function coversAmounts(have: ResourceAmounts, need: ResourceAmounts): boolean {
  return AMOUNT_FIELDS.every((field) => have[field] >= need[field]);
}

export function copyAmounts(amounts: ResourceAmounts): ResourceAmounts {
  return {
    cpuMillicores: amounts.cpuMillicores,
    memoryBytes: amounts.memoryBytes,
    storageBytes: amounts.storageBytes,
    bandwidthBitsPerSecond: amounts.bandwidthBitsPerSecond,
  };
}

/** True when the device is of a kind that the request accepts; says nothing of what is free. */
export function acceptsDevice(request: DeviceRequest, device: DeviceModel): boolean {
  return (
    (request.models.length === 0 || request.models.includes(device.model)) &&
    (request.vendor === null || request.vendor === device.vendor) &&
    device.memoryBytes >= request.minMemoryBytes
  );
}
