/** Promise 7: a list of hubs that one hub has acknowledged is soon that of all, and never goes back. */
import type { AdmissionAnswer, HubListRecord } from '@sparegrid/core/hub/admission';
import type { HubCore } from '@sparegrid/core/hub/hub-core';
import type { Write } from '@sparegrid/core/step';
import type { HubId } from '@sparegrid/core/units/ids';
import type { Model } from './model.ts';
import { parseStored } from './stored-text.ts';

export class HubLists {
  readonly #model: Model;
  /** Committed revisions. */
  readonly #inUse = new Map<HubId, number>();
  #highest = 0;

  constructor(model: Model) {
    this.#model = model;
  }

  /** What a hub said to the operator. */
  answered(hub: HubId, revision: number, answer: AdmissionAnswer): void {
    if (answer.ok) this.#highest = Math.max(this.#highest, revision);
    else if (answer.code !== 'IDENTITY_OUTDATED') {
      this.#model.violate('hub-list.refused', hub, String(revision), answer.code);
    } else if ((this.#inUse.get(hub) ?? 0) < revision) {
      this.#model.violate('hub-list.refused', hub, String(revision), 'it has an older one');
    }
  }

  remember(hub: HubId): number {
    return this.#inUse.get(hub) ?? 0;
  }

  /** A list that only this hub had is lost with it, whatever it acknowledged. */
  putBack(hub: HubId, revision: number): void {
    this.#inUse.set(hub, revision);
    this.#highest = Math.min(this.#highest, Math.max(...this.#inUse.values()));
  }

  committed(hub: HubId, writes: readonly Write[]): void {
    for (const { table, text } of writes) {
      if (table !== 'hub-list' || text === null) continue;
      const { revision, network } = parseStored<HubListRecord>(text).list;
      const before = this.#inUse.get(hub) ?? 0;
      if (revision <= before) {
        this.#model.violate('hub-list.back', hub, network, `${before} -> ${revision}`);
      }
      if (revision > LISTS_SIGNED) {
        this.#model.violate('hub-list.forged', hub, network, `${revision} was never signed`);
      }
      this.#inUse.set(hub, revision);
    }
  }

  *unsettled(
    cores: ReadonlyMap<HubId, HubCore | null>,
  ): Generator<readonly [string, string, string, string]> {
    for (const [hub, core] of cores) {
      const revision = core?.hubListRevision ?? 0;
      if (core && revision < this.#highest) {
        yield ['end.hub-list-old', hub, 'hub-list', `${revision}, acknowledged ${this.#highest}`];
      }
    }
  }
}

/** Revisions that the operator of a simulated network ever signs; liars sign higher ones. */
export const LISTS_SIGNED = 3;
