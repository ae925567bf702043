/** Turns an order file in human units into what the client signs; docs/orders.md has every field. */
import type { MatchingPriority, PerformanceRequirement } from '@sparegrid/core/order/buy-order';
import { AMOUNT_MAX } from '@sparegrid/core/units/quantity';
import type { DeviceRequest, ReplicaRequest } from '@sparegrid/core/units/resources';
import type { OrderDraft } from '@sparegrid/sdk/order-draft';
import { credits, duration, Fields, flag, oneOf, quantity, textMap, whole } from './fields.ts';
import { type Place, readYaml, readYamlAll } from './yaml-file.ts';

const ORDER_FIELDS = [
  'kind',
  'image',
  'command',
  'env',
  'architecture',
  'egress',
  'capabilities',
  'replicas',
  'cpu',
  'memory',
  'storage',
  'bandwidth',
  'device',
  'limitPerHour',
  'budget',
  'duration',
  'expires',
  'fill',
  'maxLessors',
  'priority',
  'performance',
  'disconnect',
] as const;
type OrderFields = Fields<(typeof ORDER_FIELDS)[number]>;

const REPLICAS_MAX = 10_000;
const LESSORS_MAX = 64;
const EXPIRES_MS = 600_000;
const STOP_AFTER_MS = 60_000;

/** @throws CliFault with file, line and field; nothing was sent. */
export function readOrderFile(file: string, wallMs: number): OrderDraft {
  return draftOf(readYaml(file), wallMs);
}

/** The orders of all documents of a file. @throws as {@link readOrderFile} */
export function readOrderFiles(file: string, wallMs: number): OrderDraft[] {
  return readYamlAll(file).map((place) => draftOf(place, wallMs));
}

function draftOf(place: Place, wallMs: number): OrderDraft {
  const fields: OrderFields = new Fields(place, ORDER_FIELDS);
  const expires = fields.maybe('expires');
  const fill = fields.maybe('fill');
  const lessors = fields.maybe('maxLessors');
  const draft: OrderDraft = {
    kind: oneOf(fields.need('kind'), ['job', 'service']),
    task: taskOf(fields),
    count: countOf(fields.need('replicas')),
    replica: replicaOf(fields),
    limitMicroPerReplicaHour: credits(fields.need('limitPerHour')),
    budgetMicro: credits(fields.need('budget')),
    durationMs: duration(fields.need('duration')),
    expiresAtMs: wallMs + (expires ? duration(expires) : EXPIRES_MS),
    fill: fill ? oneOf(fill, ['atomic', 'partial']) : 'atomic',
    maxLessors: lessors ? whole(lessors, 1, LESSORS_MAX) : LESSORS_MAX,
    priority: priorityOf(fields.maybe('priority')),
    performance: performanceOf(fields.maybe('performance')),
    disconnect: disconnectOf(fields.maybe('disconnect')),
  };
  return draft;
}

function taskOf(fields: OrderFields): OrderDraft['task'] {
  const architecture = fields.maybe('architecture');
  const egress = fields.maybe('egress');
  const env = fields.maybe('env');
  const texts = (list: Place | undefined) => (list ? list.list().map((item) => item.text()) : []);
  return {
    public: {
      image: fields.need('image').text(),
      architecture: architecture ? architecture.text() : null,
      egress: egress ? flag(egress) : false,
      capabilities: texts(fields.maybe('capabilities')),
    },
    private: { command: texts(fields.maybe('command')), env: env ? textMap(env) : {} },
  };
}

/** A number, or `{min, max}`. */
function countOf(place: Place): OrderDraft['count'] {
  if (place.isText) {
    const count = whole(place, 1, REPLICAS_MAX);
    return { min: count, max: count };
  }
  const fields = new Fields(place, ['min', 'max']);
  const min = whole(fields.need('min'), 1, REPLICAS_MAX);
  const max = whole(fields.need('max'), min, REPLICAS_MAX);
  return { min, max };
}

function replicaOf(fields: OrderFields): ReplicaRequest {
  const amount = (name: 'storage' | 'bandwidth') => {
    const found = fields.maybe(name);
    return found ? quantity(found, 1) : 0;
  };
  const device = fields.maybe('device');
  return {
    cpuMillicores: quantity(fields.need('cpu'), 1_000),
    memoryBytes: quantity(fields.need('memory'), 1),
    storageBytes: amount('storage'),
    bandwidthBitsPerSecond: amount('bandwidth'),
    device: device ? deviceOf(device) : null,
  };
}

/** `share: 500m` is half of one device. */
function deviceOf(place: Place): DeviceRequest {
  const fields = new Fields(place, ['count', 'share', 'models', 'vendor', 'minMemory']);
  const count = fields.maybe('count');
  const share = fields.maybe('share');
  const models = fields.maybe('models');
  const vendor = fields.maybe('vendor');
  const memory = fields.maybe('minMemory');
  const request: DeviceRequest = {
    count: count ? whole(count, 1, AMOUNT_MAX) : 1,
    shareMilli: share ? quantity(share, 1_000) : 1_000,
    models: models ? models.list().map((model) => model.text()) : [],
    vendor: vendor ? vendor.text() : null,
    minMemoryBytes: memory ? quantity(memory, 1) : 0,
  };
  return request;
}

/** `price`, `performance`, or weights of both in thousandths. */
function priorityOf(place: Place | undefined): MatchingPriority {
  if (!place) return { kind: 'price' };
  if (place.isText) return { kind: oneOf(place, ['price', 'performance']) };
  const fields = new Fields(place, ['price', 'performance']);
  const priceWeight = whole(fields.need('price'), 0, 1_000);
  const performanceWeight = whole(fields.need('performance'), 0, 1_000);
  return { kind: 'weights', priceWeight, performanceWeight };
}

function performanceOf(place: Place | undefined): PerformanceRequirement {
  if (!place) return { minScore: 0, minFlops: [], provision: 'any', labels: {} };
  const fields = new Fields(place, ['minScore', 'minFlops', 'provision', 'labels']);
  const score = fields.maybe('minScore');
  const flops = fields.maybe('minFlops');
  const provision = fields.maybe('provision');
  const labels = fields.maybe('labels');
  const requirement: PerformanceRequirement = {
    minScore: score ? whole(score, 0, AMOUNT_MAX) : 0,
    minFlops: flops ? flops.list().map(flopsOf) : [],
    provision: provision ? oneOf(provision, ['single', 'distributed', 'any']) : 'any',
    labels: labels ? textMap(labels) : {},
  };
  return requirement;
}

function flopsOf(place: Place): PerformanceRequirement['minFlops'][number] {
  const fields = new Fields(place, ['precision', 'giga']);
  const precision = oneOf(fields.need('precision'), ['fp64', 'fp32', 'fp16', 'bf16', 'int8']);
  const giga = whole(fields.need('giga'), 0, AMOUNT_MAX);
  return { precision, giga };
}

function disconnectOf(place: Place | undefined): OrderDraft['disconnect'] {
  if (!place) return { stopAfterMs: STOP_AFTER_MS, onLoss: 'terminate' };
  const fields = new Fields(place, ['stopAfter', 'onLoss']);
  const stopAfter = fields.maybe('stopAfter');
  const onLoss = fields.maybe('onLoss');
  const rule: OrderDraft['disconnect'] = {
    stopAfterMs: stopAfter ? duration(stopAfter) : STOP_AFTER_MS,
    onLoss: onLoss ? oneOf(onLoss, ['terminate', 'continue']) : 'terminate',
  };
  return rule;
}
