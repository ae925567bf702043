/** From an order in human units to the draft that is signed. */
import type { OrderDraft } from './order-draft.ts';
import type { ReadForm } from './order-form.ts';

/** @param wallMs  when it is written: `expires` counts from here. */
export function draftOf(form: ReadForm, wallMs: number): OrderDraft {
  const { device, priority, disconnect } = form;
  return {
    kind: form.kind,
    task: {
      public: {
        image: form.image,
        architecture: form.architecture,
        egress: form.egress,
        capabilities: form.capabilities,
        ...(form.restarts !== undefined && { restarts: form.restarts }),
      },
      private: { command: form.command, env: form.env },
    },
    count: form.replicas,
    replica: {
      cpuMillicores: form.cpu,
      memoryBytes: form.memory,
      storageBytes: form.storage,
      bandwidthBitsPerSecond: form.bandwidth,
      device: device && {
        count: device.count,
        shareMilli: device.share,
        models: device.models,
        vendor: device.vendor,
        minMemoryBytes: device.minMemory,
      },
    },
    limitMicroPerReplicaHour: form.limitPerHour,
    budgetMicro: form.budget,
    durationMs: form.duration,
    expiresAtMs: wallMs + form.expires,
    fill: form.fill,
    maxLessors: form.maxLessors,
    priority:
      typeof priority === 'string'
        ? { kind: priority }
        : { kind: 'weights', priceWeight: priority.price, performanceWeight: priority.performance },
    performance: form.performance,
    disconnect: { stopAfterMs: disconnect.stopAfter, onLoss: disconnect.onLoss },
  };
}
