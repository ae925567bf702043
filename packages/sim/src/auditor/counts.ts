/** How much happened: counted from committed records, for the last line of the output. */
import type { AgreementId, OrderId, PartId } from '@sparegrid/core/units/ids';
import type { Commit } from './mirror.ts';

export class Counts {
  #isClosed = false;
  readonly #orders = new Set<OrderId>();
  readonly #filled = new Set<OrderId>();
  readonly #multiHub = new Set<AgreementId>();
  readonly #aborted = new Set<AgreementId>();
  readonly #holdExpired = new Set<PartId>();
  readonly #lostRaces = new Set<PartId>();

  /** What comes from now on does not count: the probe is no part of the workload. */
  close(): void {
    this.#isClosed = true;
  }

  committed({ changes }: Commit): void {
    if (this.#isClosed) return;
    for (const { key } of changes.order) this.#orders.add(key);
    for (const { key, after } of changes.agreement) {
      if (after.state === 'aborted') this.#aborted.add(key);
      else if (after.runningAtMs !== null) this.#filled.add(after.order);
      if (after.state !== 'preparing' && after.state !== 'aborted') {
        const agreed = after.parts.filter(
          ({ status }) => status !== 'refused' && status !== 'closed',
        );
        if (new Set(agreed.map(({ terms }) => terms.targetHub)).size > 1) this.#multiHub.add(key);
      }
      for (const { terms, outcome } of after.parts) {
        if (outcome === 'AGREEMENT_LOST_RACE') this.#lostRaces.add(`${key}.${terms.part}`);
      }
    }
    for (const { key, after } of changes.part) {
      if (after.outcome === 'AGREEMENT_HOLD_EXPIRED') this.#holdExpired.add(key);
    }
  }

  /** `orders`: accepted; `filled`: whose lease ran; the others as in the issue. */
  get all() {
    return {
      orders: this.#orders.size,
      filled: this.#filled.size,
      multiHub: this.#multiHub.size,
      aborted: this.#aborted.size,
      holdExpired: this.#holdExpired.size,
      lostRaces: this.#lostRaces.size,
    };
  }
}
