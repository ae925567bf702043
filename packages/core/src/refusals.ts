/** Refusals: expected answers of "no", returned as data with a stable code, never thrown. */

/**
 * Every refusal code of the market core with its meaning. Codes are `ROOM_REASON` and never reused;
 * `docs/errors.md` lists the same codes (a test compares both ways).
 */
export const REFUSAL_CODES = {
  QUANTITY_MALFORMED: 'The text is not a Kubernetes quantity, or not a whole number of base units.',
  QUANTITY_RANGE: 'The quantity is negative, not an integer, or above the safe integer range.',
  MONEY_MALFORMED: 'The text is not a whole, non-negative number of micro-credits.',

  LINK_MALFORMED: 'The bytes are not a frame, or a message in it does not have the stated form.',
  LINK_TOO_LARGE: 'The frame is larger or deeper than the stated limit.',
  LINK_AUDIENCE: 'The frame is addressed to another node.',
  LINK_UNKNOWN_SENDER: 'The sender is neither a hub of the network nor an admitted participant.',
  LINK_SIGNATURE: 'The signature does not fit the bytes and the sender’s key.',
  LINK_EXPIRED: 'The frame is past its expiry (or from too far in the future).',
  LINK_REPLAYED: 'A frame with this session and sequence number was accepted before.',
  LINK_FENCED: 'A later life of the sending hub is known; frames of an earlier life are void.',
  LINK_NOT_ALLOWED: 'A sender of this role may not send this message.',
  LINK_BUSY: 'The node has too much waiting; send again later.',

  IDENTITY_SIGNATURE: 'A statement about keys is not signed by who must vouch for it.',
  IDENTITY_MALFORMED: 'A statement about keys does not have the stated form.',
  IDENTITY_NETWORK: 'The statement is about another network.',
  IDENTITY_NOT_YET: 'The statement is not valid yet.',
  IDENTITY_EXPIRED: 'The statement is not valid any more.',
  IDENTITY_ORGANIZATION: 'The keys are vouched for by another organisation than the expected one.',
  IDENTITY_SUBJECT: 'The keys are those of somebody else.',
  IDENTITY_KIND: 'The keys are of another kind: agent, user or device.',
  IDENTITY_OUTDATED: 'A newer statement is known.',

  ADMISSION_CLOSED: 'This hub admits nobody at run time: it knows no operator of the network.',
  ADMISSION_TOKEN: 'This hub knows no such token (any more).',
  ADMISSION_TOKEN_USED: 'The token was used by somebody else.',
  ADMISSION_NOT_HERE: 'The participant’s name is not one of this hub’s subnet.',
  ADMISSION_PROOF: 'The request is not signed by the key that it is about.',
  ADMISSION_EXPELLED: 'The participant, or whoever holds this key, was expelled.',
  ADMISSION_TAKEN:
    'The name is that of another participant, or the key is in use under another name.',
  ADMISSION_UNKNOWN: 'No such participant is admitted here.',
  ADMISSION_LIMIT: 'The hub has as many participants or open tokens as it can keep.',

  HUB_RECOVERING:
    'The hub’s store lost some of its past; it decides nothing until it knows it again.',
  STORE_LOW_DISK: 'The hub has too little free disk to take on new obligations.',

  ORDER_MALFORMED: 'The buy order does not have the stated form.',
  ORDER_NOT_YOURS: 'The order names another lessee than the participant that sent it.',
  ORDER_SIGNATURE: 'The order is not signed by the lessee’s key.',
  ORDER_COUNT: 'The replica count is not 1 <= min <= max <= the stated maximum.',
  ORDER_DURATION: 'The duration is outside the stated bounds.',
  ORDER_EXPIRED: 'The order’s expiry is in the past, or it found no match before its expiry.',
  ORDER_EXPIRY: 'The order’s expiry is further away than the stated maximum.',
  ORDER_BUDGET: 'The budget cannot pay the smallest count even at no more than the limit price.',
  ORDER_DEVICES: 'The device request is outside what one lot can serve.',
  ORDER_TASK_DIGEST: 'The private part of the task does not have the digest stated in the order.',
  ORDER_UNKNOWN: 'This hub knows no such order of this participant.',
  ORDER_ENDED: 'The order has already ended.',
  ORDER_LIMIT: 'The participant has as many open orders as the hub allows.',
  ORDER_QUEUE_FULL: 'As many orders wait for their turn as the hub allows.',
  ORDER_CANCELLED: 'The lessee cancelled the order.',

  OFFER_MALFORMED: 'The sell order does not have the stated form.',
  OFFER_NOT_YOURS: 'The sell order names another lessor than the participant that sent it.',
  OFFER_SIGNATURE: 'The sell order is not signed by the lessor’s key.',
  OFFER_REVISION: 'A newer revision of this sell order is known.',
  OFFER_TERMS_REVISION: 'The terms changed but termsRevision did not rise (or it fell).',
  OFFER_EXPIRED: 'The sell order’s validity is in the past.',
  OFFER_UNREGISTERED: 'The participant has not registered its resources yet.',
  OFFER_ABOVE_SPEC: 'A lot offers more than the registered machine has.',

  RESOURCE_MALFORMED: 'The resource information does not have the stated form.',
  RESOURCE_NOT_YOURS: 'The resource information names another participant or organisation.',
  RESOURCE_SIGNATURE: 'The resource information is not signed by the participant’s key.',
  RESOURCE_REVISION: 'A newer revision of this resource information is known.',

  PANORAMA_MALFORMED: 'Rows of a hub do not have the stated form.',
  PANORAMA_SIGNATURE: 'Passed-on rows of a hub are not signed by that hub.',
  PANORAMA_NOT_OWNER: 'A hub sent rows of a participant that is not in its subnet.',
  PANORAMA_WRONG_BASE:
    'A change of a row does not build on the row that is here, or names what that row does not have.',
  PANORAMA_REVISION: 'A row has a revision beyond the message that brings it.',
  PANORAMA_OPERATORS_ONLY: 'Machines of the network are shown to operators of this hub only.',

  DIRECTORY_UNKNOWN: 'No hub of the network has a participant of this id.',

  MATCH_NO_CANDIDATE: 'No participant’s total resources can hold one replica.',
  MATCH_NO_OFFER: 'Candidates exist, but none of them offers now.',
  MATCH_STALE_HUB: 'The lessor’s hub has not been heard of lately.',
  MATCH_TASK: 'The lessor cannot run this kind of task.',
  MATCH_IMAGE_POLICY: 'The lessor’s image policy does not allow the image.',
  MATCH_RESOURCES: 'Not enough free resources for one replica in any lot.',
  MATCH_PERFORMANCE: 'The lot does not reach the required performance.',
  MATCH_PRICE: 'The price per replica is above the order’s limit.',
  MATCH_LOST_RACE: 'Another order took the resources first.',
  MATCH_BUDGET: 'The smallest count costs more than the budget.',
  MATCH_COUNT: 'The lots that suit hold fewer replicas than the smallest count.',
  MATCH_QUEUED: 'It waits for its turn: as many agreements as the hub allows are in negotiation.',
  MATCH_CONTESTED: 'Solved jointly, other orders are worth more where this one could go.',
  MATCH_LESSORS: 'The smallest count needs more lessors than the order allows.',

  AGREEMENT_UNKNOWN: 'No such agreement is known here.',
  AGREEMENT_NOT_PARTY: 'The sender is not the hub that this agreement names.',
  AGREEMENT_MALFORMED: 'The agreement does not have the stated form or contradicts itself.',
  AGREEMENT_SIGNATURE: 'The agreement is not signed by the first hub.',
  AGREEMENT_OFFER_GONE: 'The lessor has no valid sell order any more.',
  AGREEMENT_LESSOR_AWAY: 'The lessor’s agent is not connected.',
  AGREEMENT_TERMS_CHANGED: 'Price or attributes of the offer changed since it was matched.',
  AGREEMENT_PRICE: 'The price is not what the offer’s asks give for the placements.',
  AGREEMENT_LOST_RACE: 'The quantity is no longer free.',
  AGREEMENT_ABORTED: 'The agreement was aborted.',
  AGREEMENT_HOLD_EXPIRED: 'The hold ran out and the quantity was released, finally.',
  AGREEMENT_NO_ANSWER: 'A target hub did not vote in time.',

  LEASE_UNKNOWN: 'This hub knows no such lease of this participant.',
  LEASE_ENDED: 'The lease has already ended.',
  LEASE_START_GRACE: 'The lease did not start whole within the start grace.',
  LEASE_KEY_MISSING: 'The lessee did not release the task’s key within the start grace.',
  LEASE_KEY_INVALID: 'What was released to the lessor’s agent does not open the task.',
  LEASE_START_FAILED: 'A container could not be started.',
  LEASE_TASK_FAILED: 'A container ended with a failure.',
  LEASE_OUT_OF_MEMORY: 'A container was killed because it needed more memory than ordered.',
  LEASE_OUT_OF_STORAGE: 'A container was killed because it wrote more than the storage ordered.',
  LEASE_DURATION_OVER: 'The duration ended before the job did.',
  LEASE_LESSOR_LOST: 'The lessor was not heard of for longer than the order allows.',
  LEASE_HUB_LOST: 'The other hub of the lease was not heard of for longer than the order allows.',
  LEASE_PART_LOST: 'Another part of the lease was lost.',

  RESULT_UNKNOWN: 'No result of this container is kept here (any more).',
  RESULT_TOO_LARGE: 'The result is larger than the hub keeps; nothing of it was kept.',
} as const satisfies Record<string, string>;

/** A stable refusal code. */
export type RefusalCode = keyof typeof REFUSAL_CODES;

/** An expected "no": nothing was changed. `hint` says what to do or which field is meant. */
export interface Refusal {
  ok: false;
  code: RefusalCode;
  hint: string;
}

/** What was read from a text, or why it was not. */
export type Read<T> = { ok: true; value: T } | Refusal;

/** Makes a refusal; `hint` names the field and what was expected. */
export function refuse(code: RefusalCode, hint: string): Refusal {
  return { ok: false, code, hint };
}

/** Stops the process on a broken invariant: continuing would break a promise. */
export function invariant(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(`broken invariant: ${what}`);
}
