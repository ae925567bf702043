/** Pseudonyms of the own participants: made and resolved here, and by nobody else. */
import type { Crypto } from '../units/document.ts';
import type { HubId, ParticipantId } from '../units/ids.ts';
import type { PrivacySettings } from './config.ts';
import { ClosedVeil, openVeil, type Veil, type VeilRecord } from './veil.ts';

/** Roles of one participant bear different names: who lends must not be told by what it rents. */
type Role = 'lessor' | 'lessee';

/** Names of periods past that are still resolved: late messages, and answers to them. */
const PERIODS_RESOLVED = 2;

/**
 * A pseudonym is a keyed digest of participant, role and period, as an id of this hub: addressing
 * stays a function of the id, and who lacks the hub's secret can link neither the periods nor the
 * roles of a participant, nor test a guess.
 *
 * @patent [0077] SEC-2
 */
export class Pseudonyms {
  readonly #settings: PrivacySettings | undefined;
  readonly #hub: HubId;
  readonly #crypto: Crypto;
  /** Participants by every name that is resolved now. */
  readonly #owners = new Map<ParticipantId, ParticipantId>();
  /** Names of each participant that are resolved, oldest first, without the lessor's present one. */
  readonly #known = new Map<ParticipantId, { period: number; names: ParticipantId[] }[]>();
  /** The latest name of each lessee: every order asks for it. */
  readonly #lessees = new Map<ParticipantId, { period: number; name: ParticipantId }>();

  constructor(settings: PrivacySettings | undefined, hub: HubId, crypto: Crypto) {
    this.#settings = settings;
    this.#hub = hub;
    this.#crypto = crypto;
  }

  get areUsed(): boolean {
    return this.#settings !== undefined;
  }

  /** Number of the period at this elapsed time. */
  periodAt(elapsedMs: number): number {
    return this.#settings ? Math.floor(elapsedMs / this.#settings.pseudonymPeriodMs) : 0;
  }

  /** Elapsed time at which that period ends; never without pseudonyms. */
  endOf(period: number): number {
    return this.#settings ? (period + 1) * this.#settings.pseudonymPeriodMs : Infinity;
  }

  /** The name under which the participant's orders are signed in that period. */
  lesseeName(participant: ParticipantId, period: number): ParticipantId {
    if (!this.#settings) return participant;
    const latest = this.#lessees.get(participant);
    if (latest?.period === period) return latest.name;
    const name = this.#name('lessee', participant, period);
    this.#lessees.set(participant, { period, name });
    return name;
  }

  /** Who bears (or lately bore) that name; undefined for a stranger's, and for a real id. */
  ownerOf(name: ParticipantId): ParticipantId | undefined {
    return this.#settings ? this.#owners.get(name) : name;
  }

  /**
   * Resolves the names of this period and the ones before; older ones no longer.
   *
   * @param worn the lessor's present name: leases may have kept it for longer than that.
   */
  enter(participant: ParticipantId, period: number, worn?: ParticipantId): void {
    if (!this.#settings) return;
    const known = this.#known.get(participant) ?? [];
    this.#known.set(participant, known);
    for (let at = Math.max(0, period - PERIODS_RESOLVED); at <= period; at += 1) {
      if (known.some((one) => one.period === at)) continue;
      const names = (['lessor', 'lessee'] as const).map((role) =>
        this.#name(role, participant, at),
      );
      for (const name of names) this.#owners.set(name, participant);
      known.push({ period: at, names });
    }
    while (known[0] && known[0].period < period - PERIODS_RESOLVED) {
      for (const name of known.shift()?.names ?? []) if (name !== worn) this.#owners.delete(name);
    }
  }

  /** A veil for a lessor that registers, or whose time has come for another name. */
  begin(participant: ParticipantId, period: number): Veil {
    if (!this.#settings) return openVeil(participant);
    const name = this.#name('lessor', participant, period);
    this.#owners.set(name, participant);
    return ClosedVeil.begin(name, period);
  }

  /** The veil as it was before a restart. Its name counts, also under another key of the hub. */
  restore(participant: ParticipantId, record: VeilRecord | undefined): Veil | undefined {
    if (!this.#settings) return openVeil(participant);
    if (!record) return undefined;
    this.#owners.set(record.name, participant);
    return new ClosedVeil(record);
  }

  /** A name that was worn longer than its period is given up: it is resolved for a while, too. */
  retire(participant: ParticipantId, name: ParticipantId, period: number): void {
    const known = this.#known.get(participant) ?? [];
    this.#known.set(participant, known);
    const at = known.find((one) => one.period === period);
    if (at) at.names.push(name);
    else known.push({ period, names: [name] });
    this.#owners.set(name, participant);
  }

  #name(role: Role, participant: ParticipantId, period: number): ParticipantId {
    const code = this.#crypto.mac(`pseudonym ${role} ${participant} ${period}`);
    return `p${code.slice(0, 16)}.${this.#hub}`;
  }
}
