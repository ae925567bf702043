/** Somebody who joins a hub with a token, changes its keys, is expelled, and does not accept that. */
import {
  type AdmissionAnswer,
  type AdmissionRequest,
  joinText,
  renewText,
} from '@sparegrid/core/hub/admission';
import {
  type KeyChain,
  type KeyStatement,
  OPERATOR,
  signKeys,
  signOrganization,
} from '@sparegrid/core/identity/statements';
import { frameSigningText } from '@sparegrid/core/units/frame-text';
import type { ParticipantId } from '@sparegrid/core/units/ids';
import { encodeStored } from '@sparegrid/core/units/json';
import { expectCodes } from '../auditor/expectation.ts';
import { WALL_START_MS } from '../kernel/node-clock.ts';
import type { Rng } from '../kernel/rng.ts';
import type { Context } from '../world/context.ts';
import { NETWORK, type SimHub } from './sim-hub.ts';

const DAY_MS = 86_400_000;
const ORGANIZATION = { id: 'org-guests', name: 'Guests', kind: 'company' } as const;

export class Guest {
  readonly #context: Context;
  readonly #hub: SimHub;
  readonly #id: ParticipantId;
  readonly #rng: Rng;
  readonly #token: string;
  /** Names of its keys, the one in use last. */
  #keys: string[];
  #seq = 0;

  constructor(context: Context, hub: SimHub) {
    this.#context = context;
    this.#hub = hub;
    this.#id = `guest.${hub.id}`;
    this.#rng = context.rng.fork(`guest ${hub.id}`);
    this.#keys = [this.#id];
    const { digest } = context.keyring.cryptoOf(this.#id);
    this.#token = digest(`token of ${this.#id}`);
  }

  /** Token, join, new keys, expulsion; each asked for until the hub answers. */
  begin(): void {
    const { queue, plan } = this.#context;
    const until = (permille: number) => Math.floor((plan.untilMs * permille) / 1000);
    this.#speakLater();
    queue.at(this.#rng.between(1_000, until(300)), () => this.#createToken());
    queue.at(this.#rng.between(until(300), until(600)), () => this.#renew());
    queue.at(this.#rng.between(until(600), until(900)), () => this.#expel());
  }

  #createToken(): void {
    const terms = { role: 'lessee', organization: ORGANIZATION, participant: null } as const;
    const request = { op: 'token.create', digest: this.#token, ttlMs: DAY_MS, ...terms } as const;
    this.#insist(
      () => request,
      () => this.#join(),
    );
  }

  #join(): void {
    const { auditor, keyring } = this.#context;
    this.#insist(
      () => this.#joinRequest(),
      () => auditor.admissions.admitted(this.#hub.id, this.#id, keyring.publicKeyOf(this.#id)),
    );
  }

  #joinRequest(): AdmissionRequest {
    const { keyring } = this.#context;
    const asked = {
      participant: this.#id,
      token: this.#token,
      chain: this.#chain(this.#id, 1),
      requestDigest: this.#token,
    };
    const proof = keyring.cryptoOf(this.#id).sign(joinText(this.#hub.id, asked));
    return { op: 'join', ...asked, proof };
  }

  #renew(): void {
    const { auditor, keyring } = this.#context;
    const [present] = this.#keys as [string];
    const next = `${this.#id} later`;
    keyring.addKey(this.#id, next);
    this.#insist(
      () => {
        const asked = {
          participant: this.#id,
          chain: this.#chain(next, 2),
          requestDigest: this.#token,
          sentAtMs: this.#wallMs(),
        };
        const text = renewText(this.#hub.id, asked);
        const signature = keyring.cryptoOf(present).sign(text);
        return { op: 'renew', ...asked, signature, proof: keyring.cryptoOf(next).sign(text) };
      },
      () => {
        auditor.admissions.admitted(this.#hub.id, this.#id, keyring.publicKeyOf(next));
        this.#keys = [next];
      },
      () => auditor.admissions.isExpelled(this.#id),
    );
  }

  #expel(): void {
    const { admissions } = this.#context.auditor;
    this.#insist(
      () => {
        admissions.leaving(this.#id);
        return { op: 'participant.expel', participant: this.#id };
      },
      () => {
        admissions.expelled(this.#hub.id, this.#id);
        this.#comeBack();
      },
    );
  }

  /** With the very token and keys that were good once. */
  #comeBack(): void {
    const { queue, plan, auditor } = this.#context;
    if (queue.nowMs > plan.untilMs) return;
    this.#hub.admission(this.#joinRequest(), (answer) => {
      if (answer.ok)
        auditor.violate('admission.readmitted', this.#hub.id, this.#id, 'by its token');
    });
    queue.after(this.#rng.between(2_000, 10_000), () => this.#comeBack());
  }

  /** Asks again until there is a good answer: the hub may be down, or crash before it answers. */
  #insist(
    request: () => AdmissionRequest,
    done: () => void,
    isOver: () => boolean = () => false,
  ): void {
    let isDone = false;
    const attempt = (): void => {
      if (isDone || isOver()) return;
      this.#hub.admission(request(), (answer: AdmissionAnswer) => {
        if (!answer.ok || isDone) return;
        isDone = true;
        done();
      });
      this.#context.queue.after(this.#rng.between(500, 3_000), attempt);
    };
    attempt();
  }

  #chain(key: string, revision: number): KeyChain {
    const { keyring } = this.#context;
    const dates = { notBeforeMs: WALL_START_MS - DAY_MS, notAfterMs: WALL_START_MS + DAY_MS };
    const base = { network: NETWORK, revision, ...dates };
    const signKey = keyring.publicKeyOf(ORGANIZATION.id);
    const keys: KeyStatement = {
      ...base,
      organization: ORGANIZATION.id,
      subject: this.#id,
      kind: 'user',
      signKey: keyring.publicKeyOf(key),
      sealKey: Buffer.from(keyring.publicKeyOf(key), 'base64').toString('base64url'),
    };
    const upper = { ...base, organization: ORGANIZATION, signKey };
    return {
      organization: signOrganization(keyring.cryptoOf(OPERATOR), upper),
      key: signKeys(keyring.cryptoOf(ORGANIZATION.id), keys),
    };
  }

  #wallMs(): number {
    return WALL_START_MS + this.#context.queue.nowMs;
  }

  /** Says hello all its life long, admitted or not; some of it is lost, some comes twice. */
  #speakLater(): void {
    const { queue, plan } = this.#context;
    queue.after(this.#rng.between(500, 4_000), () => {
      if (queue.nowMs >= plan.untilMs) return;
      this.#speak();
      this.#speakLater();
    });
  }

  #speak(): void {
    const { queue, keyring, timing, auditor } = this.#context;
    this.#seq += 1;
    const sentAtMs = this.#wallMs();
    const text = encodeStored({
      v: 1,
      from: this.#id,
      to: this.#hub.id,
      session: keyring.cryptoOf(this.#id).digest(this.#id).slice(-32),
      seq: this.#seq,
      epoch: 0,
      sentAtMs,
      expiresAtMs: sentAtMs + timing.frameTtlMs,
      messages: [{ type: 'hello', role: 'lessee' }],
    });
    const signature = keyring.cryptoOf(this.#keys.at(-1) as string).sign(frameSigningText(text));
    for (let copies = this.#rng.pick([0, 1, 1, 1, 2]); copies > 0; copies -= 1) {
      queue.after(this.#rng.between(1, 100), () => {
        const isExpelled = auditor.admissions.isExpelled(this.#id);
        const expected = isExpelled ? expectCodes('of the expelled', 'LINK_UNKNOWN_SENDER') : null;
        this.#hub.receive({ text, signature }, expected);
      });
    }
  }
}
