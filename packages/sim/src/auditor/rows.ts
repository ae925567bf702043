/** Promise 4: what a hub publishes of its lessors is, to the last unit, offered less frozen. */
import type { HubMessage } from '@sparegrid/core/messages';
import type {
  DeltaMessage,
  LeaseChange,
  PanoramaRow,
  SharedRow,
  SnapshotMessage,
} from '@sparegrid/core/panorama/row';
import type { Send } from '@sparegrid/core/step';
import type { HubId, ParticipantId } from '@sparegrid/core/units/ids';
import type { HubMirror } from './mirror.ts';
import type { Model } from './model.ts';
import { seenOffer, seenSpec, stepped } from './names.ts';
import { changedRow, sharedRow } from './row-forms.ts';
import { parseStored, stableText } from './stored-text.ts';
import { freeOf, usageOf } from './usage.ts';

export class Rows {
  readonly #model: Model;
  /** Content of every row ever put on the wire, by owner, epoch, kind, participant and revision. */
  readonly #published = new Map<string, string>();
  /** The rows themselves: changes build on them. */
  readonly #rows = new Map<string, PanoramaRow>();

  /** Participants of whom a lying hub told other rows to some: what builds on these is no better. */
  readonly #lies = new Set<string>();
  /** Payloads that their owners signed for others to pass on. */
  readonly #signed = new Set<string>();

  constructor(model: Model) {
    this.#model = model;
  }

  /** The row as its owner published it. */
  published(owner: HubId, epoch: number, row: PanoramaRow): string | undefined {
    return this.#published.get(nameOf(owner, epoch, row));
  }

  /** Whether the row's owner told somebody other things of that participant in that life. */
  isLiedAbout(owner: HubId, epoch: number, participant: ParticipantId): boolean {
    return this.#lies.has(`${owner} ${epoch} ${participant}`);
  }

  /** A lying hub tells this instead of what its core would. */
  lied(hub: HubId, message: HubMessage): void {
    if (message.type === 'part-update') {
      this.#signed.add(message.document.payload);
      this.lied(hub, parseStored<{ update: DeltaMessage }>(message.document.payload).update);
    } else if (message.type === 'delta' || message.type === 'snapshot') {
      const parts = message.type === 'delta' ? message.changes : message.shared;
      for (const { participant } of [...message.rows, ...parts]) {
        this.#lies.add(`${hub} ${message.epoch} ${participant}`);
      }
    }
  }

  check(hub: HubMirror, sends: readonly Send[]): void {
    const messages = sends.flatMap(({ message }) => this.#told(hub, message as HubMessage));
    // The last word of a step on a participant shows what was committed.
    const last = new Map<string, { epoch: number; row: PanoramaRow }>();
    for (const message of messages) {
      if (message.type !== 'delta') continue;
      const changed = message.changes.flatMap((one) => this.#changed(hub, message.epoch, one));
      for (const row of [...message.rows, ...changed]) {
        this.#note(hub, message.epoch, row);
        const key = `${row.kind} ${row.participant}`;
        if ((last.get(key)?.row.revision ?? -1) < row.revision) {
          last.set(key, { epoch: message.epoch, row });
        }
      }
    }
    for (const { row } of last.values()) this.#checkCurrent(hub, row);
    for (const message of messages) {
      if (message.type === 'snapshot') {
        const shared = message.shared.flatMap((row) => this.#shared(hub, message, row));
        for (const row of [...message.rows, ...shared]) this.#note(hub, message.epoch, row);
      } else if (message.type === 'vote-yes' || message.type === 'vote-no') {
        if (message.row) this.#note(hub, message.epoch, message.row);
      }
    }
  }

  /** What the hub tells by this message; of rows that it signs or passes on, what is in them. */
  #told(hub: HubMirror, message: HubMessage): HubMessage[] {
    if (message.type !== 'part-update') return [message];
    const { payload } = message.document;
    const { owner, update } = parseStored<{ owner: HubId; update: DeltaMessage }>(payload);
    if (owner === hub.id) {
      this.#signed.add(payload);
      return [update];
    }
    if (!this.#signed.has(payload)) {
      this.#model.violate('row.passed-on-altered', hub.id, owner, 'its owner never signed that');
    }
    return [];
  }

  /** A change is worth as much as the whole row that it makes of the one that it builds on. */
  #changed(hub: HubMirror, epoch: number, change: LeaseChange): PanoramaRow[] {
    const { participant, since } = change;
    const base = { kind: 'lease', participant, revision: since, offer: null } as const;
    const row = this.#rows.get(nameOf(hub.id, epoch, base));
    const changed = row?.kind === 'lease' ? changedRow(row, change) : null;
    if (changed) return [changed];
    const detail = row ? 'does not suit its base' : 'its base was never published';
    this.#model.violate('row.change', hub.id, `${participant}@${since}`, detail);
    return [];
  }

  #shared(hub: HubMirror, { forms }: SnapshotMessage, shared: SharedRow): PanoramaRow[] {
    const row = sharedRow(forms[shared.form], shared);
    if (row) return [row];
    this.#model.violate('row.form', hub.id, shared.participant, 'figures that are not of the form');
    return [];
  }

  /** One revision of a row is one content, wherever it is told. */
  #note(hub: HubMirror, epoch: number, row: PanoramaRow): void {
    if (!row.participant.endsWith(`.${hub.id}`)) {
      this.#model.violate('row.foreign', hub.id, row.participant, 'a row of another subnet');
    }
    const name = nameOf(hub.id, epoch, row);
    const content = stableText(row);
    const known = this.#published.get(name);
    this.#rows.set(name, row);
    // A life that has not noticed yet that its past is older than itself counts from there again.
    if (hub.isBehind) this.#lies.add(`${hub.id} ${epoch} ${row.participant}`);
    else if (known === undefined) this.#published.set(name, content);
    else if (known !== content) {
      this.#model.violate('row.revision-reused', hub.id, name, 'two contents under one revision');
    }
    if (row.kind === 'lease') this.#checkBounds(hub, row);
  }

  #checkCurrent(hub: HubMirror, row: PanoramaRow): void {
    const { names, scenario } = this.#model;
    const owner = names.ownerOf(row.participant);
    // Who was expelled is in no panorama, whatever it had registered.
    const registry = hub.expelled.has(owner) ? undefined : hub.records.registry.get(owner);
    const veil = registry?.veil ?? null;
    if (veil && veil.name !== row.participant) {
      const content = row.kind === 'resource' ? row.spec : row.offer;
      if (content) this.#model.violate('row.old-name', hub.id, row.participant, 'was given up');
      return;
    }
    if (row.kind === 'resource') {
      const spec = registry?.spec ?? null;
      const due = spec && veil ? seenSpec(veil, spec) : spec;
      if (stableText(row.spec) !== stableText(due)) {
        this.#model.violate('row.spec', hub.id, row.participant, 'not the spec on record');
      }
      return;
    }
    if (!row.offer) return;
    const usage = usageOf(this.#model.livePartsOf(hub, names.ownerOf(row.participant)));
    const offer = registry?.offer;
    const free = offer && {
      ...offer,
      lots: offer.lots.map((lot) => stepped(freeOf(lot, usage.get(lot.id)), scenario.privacy)),
    };
    // An offer that differs in its count only is not published again.
    const { revision } = row.offer;
    const due = free && veil ? { ...seenOffer(veil, free), revision } : free;
    if (stableText(row.offer) !== stableText(due)) {
      const told = stableText(row.offer.lots.map(({ amounts, devices }) => ({ amounts, devices })));
      const owed = stableText(due?.lots.map(({ amounts, devices }) => ({ amounts, devices })));
      const detail = `published ${told}, due ${owed}`.slice(0, 1_200);
      this.#model.violate(
        'row.not-conserved',
        hub.id,
        `${row.participant}@${row.revision}`,
        detail,
      );
    }
  }

  /** Never more than is offered, not even within a step. */
  #checkBounds(hub: HubMirror, row: Extract<PanoramaRow, { kind: 'lease' }>): void {
    const { names } = this.#model;
    const since = names.veilOf(row.participant)?.since.terms ?? 1;
    const terms = (row.offer?.termsRevision ?? -1) + since - 1;
    const offer = this.#model.offerAt(names.ownerOf(row.participant), terms);
    if (row.offer && !offer) {
      this.#model.violate('row.unknown-offer', hub.id, row.participant, 'no such offer was signed');
    }
  }
}

function nameOf(owner: HubId, epoch: number, { kind, participant, revision }: PanoramaRow): string {
  return `${owner} ${epoch} ${kind} ${participant} ${revision}`;
}
