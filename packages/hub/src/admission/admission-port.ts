/** Brings what operators and newcomers ask into the hub's loop, and the answers back. */
import type { AdmissionAnswer, AdmissionRequest } from '@sparegrid/core/hub/admission';
import type { HubInput } from '@sparegrid/core/hub/hub-core';

export class AdmissionPort {
  readonly #offer: (input: HubInput) => Promise<void> | undefined;
  readonly #waiting = new Map<string, (answer: AdmissionAnswer) => void>();
  #tickets = 0;

  /** @param offer  a pending promise: the inbox is full. */
  constructor(offer: (input: HubInput) => Promise<void> | undefined) {
    this.#offer = offer;
  }

  /** The answer, once it is durable; never, when the hub ends before. */
  async ask(request: AdmissionRequest): Promise<AdmissionAnswer> {
    this.#tickets += 1;
    const ticket = String(this.#tickets);
    const { promise, resolve } = Promise.withResolvers<AdmissionAnswer>();
    this.#waiting.set(ticket, resolve);
    await this.#offer({ kind: 'admission', ticket, request });
    return promise;
  }

  answered(ticket: string, answer: AdmissionAnswer): void {
    this.#waiting.get(ticket)?.(answer);
    this.#waiting.delete(ticket);
  }
}
