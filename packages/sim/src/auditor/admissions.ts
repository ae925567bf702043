/** What a hub said of an admission is so, through every crash; who was expelled is never heard again. */
import type { HubCore } from '@sparegrid/core/hub/hub-core';
import type { HubId, ParticipantId } from '@sparegrid/core/units/ids';
import type { Turned } from './frames.ts';
import type { Model } from './model.ts';

interface Told {
  hub: HubId;
  /** The key that the hub said is admitted; null once it said that the participant is expelled. */
  key: string | null;
}

export class Admissions {
  readonly #model: Model;
  readonly #told = new Map<ParticipantId, Told>();
  /** Somebody asked for their expulsion: from then on their hubs may or may not know them. */
  readonly #leaving = new Set<ParticipantId>();
  #admitted = 0;
  #expelled = 0;

  constructor(model: Model) {
    this.#model = model;
  }

  /** For tests: how often it came to that. */
  get counts() {
    return { admitted: this.#admitted, expelled: this.#expelled };
  }

  /** The hub acknowledged that this key is admitted, for the first time or as a new one. */
  admitted(hub: HubId, participant: ParticipantId, key: string): void {
    if (!this.#told.has(participant)) this.#admitted += 1;
    if (this.isExpelled(participant)) this.#wrong('readmitted', hub, participant, 'admitted again');
    else this.#told.set(participant, { hub, key });
  }

  leaving(participant: ParticipantId): void {
    this.#leaving.add(participant);
  }

  /** The hub acknowledged that it is out, whether it joined at run time or was listed. */
  expelled(hub: HubId, participant: ParticipantId): void {
    if (!this.isExpelled(participant)) this.#expelled += 1;
    this.#told.set(participant, { hub, key: null });
  }

  isExpelled(participant: ParticipantId): boolean {
    return this.#told.get(participant)?.key === null;
  }

  /** A new life knows what earlier ones acknowledged. */
  hubStarted(hub: HubId, core: HubCore): void {
    for (const [participant, told] of this.#told) {
      if (told.hub !== hub) continue;
      const keys = core.keysOf(participant);
      if (told.key === null) {
        if (keys.length > 0) this.#wrong('expulsion-forgotten', hub, participant, 'has keys');
      } else if (!this.#leaving.has(participant) && !keys.includes(told.key)) {
        this.#wrong('forgotten', hub, participant, `${keys.length} other keys`);
      }
    }
  }

  /** Frames that a hub turned away: nobody whom it admitted is a stranger. */
  turned(hub: HubId, turned: readonly Turned[]): void {
    for (const { from, code } of turned) {
      const told = this.#told.get(from);
      if (told?.hub !== hub || told.key === null || this.#leaving.has(from)) continue;
      if (code === 'LINK_UNKNOWN_SENDER')
        this.#wrong('forgotten', hub, from, 'taken for a stranger');
    }
  }

  #wrong(what: string, hub: HubId, participant: ParticipantId, detail: string): void {
    this.#model.violate(`admission.${what}`, hub, participant, detail);
  }
}
