/** Promise 7: while two hubs can talk, neither stays behind the other, whatever goes on elsewhere. */
import type { HubCore } from '@sparegrid/core/hub/hub-core';
import type { HubId } from '@sparegrid/core/units/ids';
import type { Model } from './model.ts';

/** With losses, delays and slow commits; a lost row is asked for again with every heartbeat. */
const BEHIND_MAX_MS = 30_000;

interface Stand {
  atMs: number;
  epoch: number;
  revision: number;
}

/** Whether anything is between the two at this moment, or wrong with one of them. */
export type IsDisturbed = (a: HubId, b: HubId) => boolean;

export class Behind {
  readonly #model: Model;
  /** Where each owner's part stood, oldest first, for as long as it matters. */
  readonly #stands = new Map<HubId, Stand[]>();
  readonly #disturbedAtMs = new Map<string, number>();

  constructor(model: Model) {
    this.#model = model;
  }

  /** Call about once a second. */
  look(cores: ReadonlyMap<HubId, HubCore | null>, isDisturbed: IsDisturbed): void {
    const { nowMs } = this.#model;
    for (const [owner, core] of cores) {
      if (core) this.#note(owner, core, nowMs);
      for (const [holder, held] of cores) {
        if (holder === owner) continue;
        const pair = `${owner} ${holder}`;
        if (!core || !held || isDisturbed(owner, holder)) this.#disturbedAtMs.set(pair, nowMs);
        else if ((this.#disturbedAtMs.get(pair) ?? 0) < nowMs - BEHIND_MAX_MS) {
          this.#compare(owner, holder, held, nowMs - BEHIND_MAX_MS);
        }
      }
    }
  }

  #note(owner: HubId, core: HubCore, nowMs: number): void {
    const { epoch, revision } = core.panorama.own;
    const stands = this.#stands.get(owner) ?? [];
    stands.push({ atMs: nowMs, epoch, revision });
    while ((stands[1]?.atMs ?? nowMs) < nowMs - BEHIND_MAX_MS) stands.shift();
    this.#stands.set(owner, stands);
  }

  #compare(owner: HubId, holder: HubId, held: HubCore, beforeMs: number): void {
    const due = this.#stands.get(owner)?.findLast(({ atMs }) => atMs <= beforeMs);
    const part = held.panorama.parts.get(owner);
    if (!due || !part) return;
    const isBehind =
      part.epoch < due.epoch || (part.epoch === due.epoch && part.revision < due.revision);
    if (!isBehind) return;
    const detail = `has ${part.epoch}/${part.revision}, due ${due.epoch}/${due.revision}`;
    this.#model.violate('panorama.behind', holder, owner, detail);
  }
}
