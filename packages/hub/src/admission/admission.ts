/** The doors through which a hub is governed and joined, and the certificates that it looks after. */
import { readFileSync } from 'node:fs';
import type { AdmissionRequest } from '@sparegrid/core/hub/admission';
import type { Crypto } from '@sparegrid/core/units/document';
import { ConfigFault } from '@sparegrid/link/daemon/config-fault';
import type { Logger } from '@sparegrid/link/daemon/logger';
import { factsOf } from '@sparegrid/link/identity/certificates';
import { readAs } from '@sparegrid/link/read-as';
import { signedDocument } from '@sparegrid/link/schemas/document';
import type { HubSettings } from '../config.ts';
import { AdmissionDoor } from './admission-door.ts';
import type { AdmissionPort } from './admission-port.ts';
import { ControlDoor } from './control-door.ts';
import { Issuer } from './issuer.ts';

/** Certificates live for weeks. */
const LOOK_EVERY_MS = 6 * 3_600_000;

export interface AdmissionShell {
  admissions: AdmissionPort;
  crypto: Crypto;
  /** The hub's own signing key. */
  publicKey: string;
  /** URL of the HTTP door, when there is one. */
  http: string | null;
  wallMs(): number;
  /** The NATS servers read their files again. */
  reload(): void;
  logger: Logger;
}

export class Admission {
  readonly #settings: HubSettings;
  readonly #shell: AdmissionShell;
  readonly #issuer: Issuer | null;
  #control: ControlDoor | null = null;
  #door: AdmissionDoor | null = null;
  #timer: NodeJS.Timeout | null = null;

  private constructor(settings: HubSettings, shell: AdmissionShell) {
    this.#settings = settings;
    this.#shell = shell;
    const { admission } = settings;
    this.#issuer =
      admission && new Issuer(admission.authority.certFile, admission.authority.keyFile);
  }

  /** @throws ConfigFault CONFIG_FILE, CONFIG_ADDRESS; LinkFault LINK_HTTP_ADDRESS; what the system says of the socket */
  static async open(settings: HubSettings, shell: AdmissionShell): Promise<Admission> {
    const admission = new Admission(settings, shell);
    await admission.#renew();
    await admission.#openDoors();
    admission.#timer = setInterval(() => void admission.#renew(), LOOK_EVERY_MS);
    return admission;
  }

  async close(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    await this.#control?.close();
    await this.#door?.close();
  }

  async #openDoors(): Promise<void> {
    const { config, control, admission, nats } = this.#settings;
    const { admissions, crypto, publicKey, http, wallMs } = this.#shell;
    const ports = {
      ask: (request: AdmissionRequest) => admissions.ask(request),
      reload: () => this.#reload(),
    };
    if (control) this.#control = await ControlDoor.open(control, ports);
    if (!admission || !nats || !this.#issuer) return;
    const { host, port, publicHost } = admission;
    this.#door = await AdmissionDoor.open({
      host,
      port,
      tls: nats.local.tls,
      issuer: this.#issuer,
      crypto,
      admissions,
      hub: { id: config.id, publicKey, local: [`nats://${publicHost}:${nats.local.port}`], http },
      wallMs,
    });
  }

  /** Renews what is of the hub's own authority, and warns of what only the network's can renew. */
  async #renew(): Promise<void> {
    const { config, nats } = this.#settings;
    const { logger, wallMs } = this.#shell;
    if (!nats) return;
    try {
      const isNew = await this.#issuer?.renewOwn(config.id, nats.local.tls, wallMs());
      if (isNew) this.#reload();
      const { isDue, notAfterMs } = factsOf(readFileSync(nats.mesh.tls.certFile, 'utf8'), wallMs());
      if (isDue) logger.warn('certificate.due', { file: nats.mesh.tls.certFile, notAfterMs });
    } catch (error) {
      logger.error('certificate.failed', { error: String(error) });
    }
  }

  #reload(): void {
    this.#door?.reload();
    this.#shell.reload();
    this.#shell.logger.info('certificates.reloaded');
  }
}

/** A list that is older than the one in use is the usual case, and no fault. */
export async function takeHubList(
  { hubListFile }: HubSettings,
  admissions: AdmissionPort,
): Promise<void> {
  if (hubListFile === null) return;
  const document = readHubList(hubListFile);
  const answer = await admissions.ask({ op: 'hubs.set', document });
  if (!answer.ok && answer.code !== 'IDENTITY_OUTDATED') {
    throw new ConfigFault('CONFIG_FILE', `network.hubs: ${answer.code}: ${answer.hint}`);
  }
}

function readHubList(path: string) {
  try {
    const codes = { malformed: 'IDENTITY_MALFORMED', tooLarge: 'IDENTITY_MALFORMED' } as const;
    const read = readAs(signedDocument, readFileSync(path, 'utf8'), codes);
    if (read.ok) return read.value;
    throw new Error(read.hint);
  } catch (cause) {
    throw new ConfigFault(
      'CONFIG_FILE',
      `network.hubs: ${path}: ${(cause as Error).message}`,
      cause,
    );
  }
}
