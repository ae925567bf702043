/** Leases of a lessee: listed, looked at, and ended before their time. */
import type { FirstAgreements } from '../agreement/first-hub.ts';
import type { AgreementRecord } from '../agreement/records.ts';
import type { PageMark, Reply } from '../messages.ts';
import type { OrderRecord } from '../order/order-record.ts';
import { refuse } from '../refusals.ts';
import type { AgreementId, ParticipantId } from '../units/ids.ts';
import type { HubContext } from './context.ts';
import type { OrderBook } from './order-book.ts';
import { isLiveAgreement } from './order-state.ts';
import { pageOf } from './paging.ts';
import { isLease, leaseView } from './views.ts';

interface Lease {
  agreement: AgreementRecord;
  order: OrderRecord;
}

export class LeaseDesk {
  readonly #context: HubContext;
  readonly #book: OrderBook;
  readonly #agreements: FirstAgreements;

  constructor(context: HubContext, book: OrderBook, agreements: FirstAgreements) {
    this.#context = context;
    this.#book = book;
    this.#agreements = agreements;
  }

  /** Those that the hub has in memory. @patent [0058] EXE-4 */
  list(lessee: ParticipantId, after: PageMark): Reply {
    const now = this.#context.now();
    const leases = [...this.#agreements.agreements.keys()].flatMap((id) => {
      const lease = this.#find(lessee, id);
      return lease ? [leaseView(lease.agreement, lease.order, now)] : [];
    });
    const { pageLength } = this.#context.config.limits;
    const { page, next } = pageOf(leases, ({ id }) => id, after, pageLength);
    return { ok: true, op: 'lease.list', leases: page, next };
  }

  /** Undefined: only the store can know it. */
  get(lessee: ParticipantId, id: AgreementId): Reply | undefined {
    const lease = this.#find(lessee, id);
    if (!lease) return undefined;
    const view = leaseView(lease.agreement, lease.order, this.#context.now());
    return { ok: true, op: 'lease.get', lease: view };
  }

  /**
   * Ends a lease. The order goes with it, unless it holds other leases: a partial order may then be
   * given a replacement, until it is cancelled itself.
   *
   * @refuses LEASE_UNKNOWN, LEASE_ENDED
   */
  stop(lessee: ParticipantId, id: AgreementId): Reply {
    const lease = this.#find(lessee, id);
    if (!lease) return refuse('LEASE_UNKNOWN', id);
    const { agreement, order } = lease;
    if (!isLiveAgreement(agreement)) return refuse('LEASE_ENDED', agreement.code ?? 'by itself');
    const others = order.agreements.filter((other) => {
      const found = this.#agreements.agreements.get(other);
      return other !== id && found !== undefined && isLiveAgreement(found);
    });
    if (others.length > 0) this.#agreements.end(agreement, 'ORDER_CANCELLED');
    else this.#book.cancel(lessee, order.id);
    return { ok: true, op: 'lease.stop', lease: id };
  }

  #find(lessee: ParticipantId, id: AgreementId): Lease | undefined {
    const agreement = this.#agreements.agreements.get(id);
    if (!agreement || !isLease(agreement)) return undefined;
    const order = this.#book.find(lessee, agreement.order);
    return order && { agreement, order };
  }
}
