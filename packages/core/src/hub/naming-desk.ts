/** When participants get other names: at the end of a period, never while a lease knows the old one. */
import type { TargetParts } from '../agreement/target-hub.ts';
import { compareIds, type ParticipantId } from '../units/ids.ts';
import type { HubContext } from './context.ts';
import type { RegistrationDesk } from './registration-desk.ts';
import type { Member } from './subnet.ts';

/** Participants that one step looks at: some milliseconds. */
const MEMBERS_PER_STEP = 128;

/**
 * A lessor with a live part keeps its name until a later period begins without one: were it renamed
 * when its lease ends, alone, everybody would see who left as whom. Orders that were matched under a
 * name given up meanwhile are refused like those for an offer that was taken back.
 *
 * @patent [0077] SEC-2
 */
export class NamingDesk {
  readonly #context: HubContext;
  readonly #parts: TargetParts;
  readonly #registrations: RegistrationDesk;
  /** Participants still to be looked at in this period. */
  #due: ParticipantId[] = [];
  /** Names given up in the period before: by now nobody needs their empty rows. */
  #empty: ParticipantId[] = [];
  #emptyNext: ParticipantId[] = [];
  #period = 0;

  constructor(context: HubContext, parts: TargetParts, registrations: RegistrationDesk) {
    this.#context = context;
    this.#parts = parts;
    this.#registrations = registrations;
  }

  /** Call when all records are back: periods may have passed while the hub was down. */
  start(): void {
    if (!this.#context.pseudonyms.areUsed) return;
    this.#begin();
    this.#context.wakeAt('names', this.#context.now().elapsedMs);
  }

  #begin(): void {
    const { pseudonyms, subnet, panorama } = this.#context;
    this.#period = pseudonyms.periodAt(this.#context.now().elapsedMs);
    this.#due = [...subnet.members.keys()].sort(compareIds).reverse();
    for (const name of this.#empty) panorama.own.forget(name);
    this.#empty = this.#emptyNext;
    this.#emptyNext = [];
  }

  wake(): void {
    const { pseudonyms, subnet } = this.#context;
    const { elapsedMs } = this.#context.now();
    if (this.#due.length === 0) this.#begin();
    const members: Member[] = [];
    for (let count = 0; count < MEMBERS_PER_STEP && this.#due.length > 0; count += 1) {
      const member = subnet.get(this.#due.pop() as ParticipantId);
      if (!member) continue;
      pseudonyms.enter(member.admitted.id, this.#period, member.veil?.name);
      if (this.#isDue(member)) members.push(member);
    }
    if (members.length > 0) {
      this.#emptyNext.push(...this.#registrations.rename(members, this.#period));
    }
    // A step of its own for each of the next ones.
    const next = this.#due.length > 0 ? elapsedMs + 1 : pseudonyms.endOf(this.#period);
    this.#context.wakeAt('names', next);
  }

  #isDue({ veil, expelled }: Member): boolean {
    if (expelled || !veil?.record || veil.record.period >= this.#period) return false;
    return this.#parts.ofLessor(veil.name).length === 0;
  }
}
