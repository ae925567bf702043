/** Keeps the core told what the machine is and what is offered of it now. */
import type { MachineSpec } from '@sparegrid/core/order/resource-spec';
import type { ParticipantInput } from '@sparegrid/core/participant/participant-core';
import type { ResourceAmounts } from '@sparegrid/core/units/resources';
import type { Logger } from '@sparegrid/link/daemon/logger';
import { makeFolder } from '@sparegrid/link/make-folder';
import type { LendingSettings } from './config.ts';
import type { AgentMode } from './control/mode.ts';
import { idleShare } from './monitor/idle-share.ts';
import { readMachine } from './monitor/specs.ts';
import { type Sampled, sameAmounts } from './monitor/usage-sampler.ts';
import { amountsOf, offerOf } from './offer.ts';
import type { Runtime } from './runtime/runtime.ts';

/** How often to look whether the hardware changed; the core reports it only then. */
const LOOK_MS = 300_000;

const NOTHING: ResourceAmounts = {
  cpuMillicores: 0,
  memoryBytes: 0,
  storageBytes: 0,
  bandwidthBitsPerSecond: 0,
};

export interface ReportPorts {
  report(input: Extract<ParticipantInput, { kind: 'resource' | 'offer' }>): void;
  mode(): AgentMode;
  logger: Logger;
  /** With less space on the disk of the containers nothing new is offered. */
  diskFreeBytesMin: number;
}

/** @patent [0037] [0039] [0042] [0047] IDL-7 LSE-5 */
export class Reports {
  readonly #settings: LendingSettings;
  readonly #runtime: Pick<Runtime, 'images' | 'egress'>;
  readonly #ports: ReportPorts;
  readonly #timer: NodeJS.Timeout;
  #machine: MachineSpec;
  #sampled: Sampled | null = null;
  /** What was offered last. */
  #offered: ResourceAmounts = NOTHING;

  private constructor(
    settings: LendingSettings,
    runtime: Pick<Runtime, 'images' | 'egress'>,
    ports: ReportPorts,
    machine: MachineSpec,
  ) {
    this.#settings = settings;
    this.#runtime = runtime;
    this.#ports = ports;
    this.#machine = machine;
    // Both at once: an offer is checked against the machine as it is now.
    const everyMs = Math.min(LOOK_MS, settings.offer.validityMs / 2);
    this.#timer = setInterval(() => {
      this.#tellAll().catch((error: unknown) => {
        ports.logger.error('report.failed', { error: String(error) });
      });
    }, everyMs);
  }

  /**
   * Reports machine and offer once, then again: the machine at intervals, the offer well before its
   * validity ends and whenever what is idle changes.
   *
   * @throws ConfigFault CONFIG_MACHINE when more is to be offered than the machine has.
   */
  static async start(
    settings: LendingSettings,
    runtime: Pick<Runtime, 'images' | 'egress'>,
    ports: ReportPorts,
  ): Promise<Reports> {
    makeFolder(settings.machine.directory);
    const machine = await readMachine(settings.machine);
    amountsOf(settings.offer, machine);
    const reports = new Reports(settings, runtime, ports, machine);
    await reports.#tellAll();
    return reports;
  }

  /** What was looked up last of the machine and its leases: offered at once when it makes a difference. */
  sampled(sampled: Sampled): void {
    const wasLow = this.diskLow;
    this.#sampled = sampled;
    if (this.diskLow !== wasLow) {
      const { diskFreeBytes } = sampled;
      this.#ports.logger.warn(wasLow ? 'disk.has-room' : 'disk.low', { diskFreeBytes });
    }
    if (!sameAmounts(this.#share(), this.#offered)) this.#offer();
  }

  /** The agent was paused or resumed. */
  modeChanged(): void {
    this.#offer();
  }

  /** The disk is almost full: what runs goes on, and nothing new is taken. */
  get diskLow(): boolean {
    return (this.#sampled?.diskFreeBytes ?? Infinity) < this.#ports.diskFreeBytesMin;
  }

  get offered(): ResourceAmounts {
    return this.#offered;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #tellAll(): Promise<void> {
    this.#machine = await readMachine(this.#settings.machine);
    const { organization } = this.#settings;
    const owned = { provision: 'single', serverCluster: null, distributed: null } as const;
    const spec = { organization, machines: [this.#machine], ...owned };
    this.#ports.report({ kind: 'resource', spec });
    this.#offer();
  }

  #offer(): void {
    const { offer } = this.#settings;
    this.#offered = this.#share();
    const wanted = offerOf(offer, this.#machine, this.#runtime, Date.now(), this.#offered);
    if (!this.#takesMore()) {
      for (const lot of wanted.lots) lot.devices = lot.devices.map((one) => ({ ...one, milli: 0 }));
    }
    this.#ports.report({ kind: 'offer', offer: wanted });
  }

  #takesMore(): boolean {
    return this.#ports.mode() === 'offering' && !this.diskLow;
  }

  #share(): ResourceAmounts {
    const { offer } = this.#settings;
    const wanted = amountsOf(offer, this.#machine);
    const leased = this.#sampled?.leased ?? NOTHING;
    if (!this.#takesMore()) return leased;
    if (offer.follow === 'fixed' || !this.#sampled) return wanted;
    const margin = { ...offer.margin, bandwidthBitsPerSecond: 0 };
    return idleShare(wanted, this.#machine, this.#sampled.own, margin, leased);
  }
}
