/** Keys, certificates and configuration files of the hosts of a test bed. */
import type { KeyObject } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Timing } from '@sparegrid/core/agreement/timing';
import { hubOf } from '@sparegrid/core/units/ids';
import {
  type Certified,
  createAuthority,
  createRequest,
  issue,
} from '@sparegrid/link/identity/certificates';
import { Trust } from '@sparegrid/link/identity/trust-for-tests';
import { generateKey, publicKeyOf, saveKey } from '@sparegrid/link/keys';
import type { TlsFiles } from '@sparegrid/link/nats/nats-transport';

export const HUBS = ['h1', 'h2', 'h3'] as const;
/** The cheapest are those of other hubs than the first lessee's: orders cross the network. */
export const LESSORS = [
  { id: 'a.h1', cpuPerCoreHour: '0.050' },
  { id: 'b.h2', cpuPerCoreHour: '0.030' },
  { id: 'c.h3', cpuPerCoreHour: '0.032' },
] as const;
export const LESSEES = HUBS.map((hub) => `lessee.${hub}`);
/** What each lessor offers: room for two replicas of half a core. */
export const REPLICAS_PER_LESSOR = 2;
const SLICE = { cpu: '1', memory: '512Mi' };
const PORTS = { mesh: 4601, local: 4602 };
const DAYS = 2;

export interface BedPlan {
  directory: string;
  addressOf(host: string): string;
  timing: Partial<Timing>;
  /** Instead of a SQLite file. */
  stores: Partial<Record<string, object>>;
}

export class BedFiles {
  readonly trust = new Trust();
  readonly #plan: BedPlan;
  readonly #keys = new Map<string, KeyObject>();

  private constructor(plan: BedPlan) {
    this.#plan = plan;
    for (const node of [...HUBS, ...LESSEES, ...LESSORS.map(({ id }) => id)]) {
      this.#keys.set(node, generateKey());
    }
  }

  static async write(plan: BedPlan): Promise<BedFiles> {
    const files = new BedFiles(plan);
    for (const [node, key] of files.#keys) saveKey(files.#path(`${node}.key.pem`), key);
    await files.#certify();
    for (const hub of HUBS) files.#writeJson(hub, files.#hubConfig(hub));
    for (const lessor of LESSORS) files.#writeJson(lessor.id, files.#agentConfig(lessor));
    return files;
  }

  config(node: string): string {
    return this.#path(`${node}.json`);
  }

  store(hub: string): string {
    return this.#path(`${hub}.db`);
  }

  key(node: string): KeyObject {
    return this.#keys.get(node) as KeyObject;
  }

  publicKey(node: string): string {
    return publicKeyOf(this.key(node));
  }

  tls(node: string, door: 'mesh' | 'local'): TlsFiles {
    const signer = door === 'mesh' ? 'network' : `subnet-${hubOf(node)}`;
    return {
      certFile: this.#path(`${node}.${door}.pem`),
      keyFile: this.#path(`${node}.${door}.key`),
      caFile: this.#path(`${signer}.pem`),
    };
  }

  url(hub: string, door: 'mesh' | 'local'): string {
    return `nats://${this.#plan.addressOf(hub)}:${PORTS[door]}`;
  }

  broker(hub: string, door: 'mesh' | 'local'): string {
    return this.#path(`nats-${hub}/${door}/nats.pid`);
  }

  async #certify(): Promise<void> {
    const network = await this.#authority('network');
    for (const hub of HUBS) {
      const own = await this.#authority(`subnet-${hub}`);
      await this.#issue(network, hub, 'mesh');
      await this.#issue(own, hub, 'local');
      for (const node of this.#participantsOf(hub)) await this.#issue(own, node, 'local');
    }
  }

  async #authority(name: string): Promise<Certified> {
    const made = await createAuthority(name, DAYS, Date.now());
    writeFileSync(this.#path(`${name}.pem`), made.cert);
    return made;
  }

  async #issue(signer: Certified, node: string, door: 'mesh' | 'local'): Promise<void> {
    const { request, key } = await createRequest(node);
    const hosts = ['127.0.0.1', this.#plan.addressOf(hubOf(node))];
    const cert = await issue(signer, request, { name: node, hosts, days: DAYS }, Date.now());
    const { certFile, keyFile } = this.tls(node, door);
    writeFileSync(certFile, cert);
    writeFileSync(keyFile, key, { mode: 0o600 });
  }

  #participantsOf(hub: string): string[] {
    return [...this.#keys.keys()].filter((node) => node.endsWith(`.${hub}`));
  }

  #hubConfig(hub: string): object {
    const door = (name: 'mesh' | 'local') => ({
      host: '0.0.0.0',
      port: PORTS[name],
      tls: this.tls(hub, name),
    });
    return {
      id: hub,
      keyFile: this.#path(`${hub}.key.pem`),
      store: this.#plan.stores[hub] ?? this.store(hub),
      nats: { directory: this.#path(`nats-${hub}`), mesh: door('mesh'), local: door('local') },
      peers: HUBS.map((id) => ({
        id,
        publicKey: this.publicKey(id),
        mesh: this.url(id, 'mesh'),
      })),
      participants: this.#participantsOf(hub).map((id) => ({
        id,
        publicKey: this.publicKey(id),
        organization: organizationOf(id),
        lends: !LESSEES.includes(id),
      })),
      timing: this.#plan.timing,
    };
  }

  #agentConfig({ id, cpuPerCoreHour }: (typeof LESSORS)[number]): object {
    const hub = hubOf(id);
    const containers = this.#path(`containers-${id}`);
    return {
      id,
      keyFile: this.#path(`${id}.key.pem`),
      sealing: this.trust.sealingOf(id, this.publicKey(id), this.#path(id)),
      store: this.#path(`${id}.db`),
      hub: {
        id: hub,
        publicKey: this.publicKey(hub),
        socket: this.url(hub, 'local'),
        tls: this.tls(id, 'local'),
      },
      organization: organizationOf(id),
      offer: { ...SLICE, follow: 'fixed', asks: { cpuPerCoreHour, memoryPerGibHour: '0.004' } },
      runtime: { kind: 'process', directory: containers, programs: ['node', 'sh'] },
      timing: this.#plan.timing,
    };
  }

  #writeJson(node: string, value: object): void {
    writeFileSync(this.config(node), JSON.stringify(value), { mode: 0o600 });
  }

  #path(name: string): string {
    mkdirSync(this.#plan.directory, { recursive: true, mode: 0o700 });
    return join(this.#plan.directory, name);
  }
}

function organizationOf(id: string) {
  return { id: `org-${id}`, name: id, kind: 'institution' as const };
}
