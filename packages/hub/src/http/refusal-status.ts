/** The HTTP status of each refusal; programs match the code, not the status. */
import type { RefusalCode } from '@sparegrid/core/refusals';

const STATUS: Partial<Record<RefusalCode, number>> = {
  LINK_TOO_LARGE: 413,
  LINK_AUDIENCE: 401,
  LINK_UNKNOWN_SENDER: 401,
  LINK_SIGNATURE: 401,
  LINK_EXPIRED: 401,
  LINK_REPLAYED: 401,
  LINK_FENCED: 401,
  LINK_NOT_ALLOWED: 403,
  LINK_BUSY: 503,
  STORE_LOW_DISK: 503,
  ORDER_NOT_YOURS: 403,
  ORDER_ENDED: 409,
  LEASE_ENDED: 409,
  ORDER_LIMIT: 429,
  ORDER_QUEUE_FULL: 503,
};

export function statusOf(code: RefusalCode): number {
  return STATUS[code] ?? (code.endsWith('_UNKNOWN') ? 404 : 400);
}
