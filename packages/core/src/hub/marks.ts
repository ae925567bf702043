/** How far each hub's store has come, signed by that hub: the proof that it lost some of its past. */
import { isSignedByAny, type SignedDocument, signDocument } from '../units/document.ts';
import type { HubId } from '../units/ids.ts';
import type { HubContext } from './context.ts';

/** What a hub signs of its own store. `commits` counts transactions over all lives. */
export interface Mark {
  hub: HubId;
  epoch: number;
  commits: number;
  /** Wall time at which that life began: tells two lives of one epoch apart, after a restore. */
  bornAtMs: number;
}

/** Durable; table `mark`, key hub: what that hub told of itself. */
export interface MarkRecord {
  last: SignedDocument;
  /** The highest of its earlier lives: what a life began with must not be less. */
  past: SignedDocument | null;
}

/** Durable; table `meta`, key `commits`: the latest transaction of the store. */
export interface CommitsRecord {
  commits: number;
  elapsedMs: number;
}

/** Where this life of the store began. */
export interface StoreStart {
  epoch: number;
  commits: number;
  bornAtMs: number;
}

/**
 * A hub tells where it stands with every heartbeat, and gets back what it told before. Only its own
 * signature counts: a peer can remind it of its past, but not invent one. What was committed within
 * the heartbeat before the copy was taken may go unnoticed.
 */
export class Marks {
  readonly #context: HubContext;
  readonly #start: StoreStart;
  readonly #heard = new Map<HubId, MarkRecord>();
  #commits: number;
  #own: { commits: number; document: SignedDocument } | null = null;

  constructor(context: HubContext, start: StoreStart) {
    this.#context = context;
    this.#start = start;
    this.#commits = start.commits;
  }

  restore(hub: HubId, record: MarkRecord): void {
    this.#heard.set(hub, record);
  }

  /** Call once per step that writes. */
  counted(): void {
    this.#commits += 1;
    const { elapsedMs } = this.#context.now();
    const record: CommitsRecord = { commits: this.#commits, elapsedMs };
    this.#context.put('meta', 'commits', record);
  }

  /** Of commits that are durable whatever becomes of the present step. */
  own(): SignedDocument {
    if (this.#own?.commits !== this.#commits) {
      const { crypto, self: hub, epoch } = this.#context;
      const mark = { hub, epoch, commits: this.#commits, bornAtMs: this.#start.bornAtMs };
      this.#own = { commits: this.#commits, document: signDocument(crypto, hub, 'mark', mark) };
    }
    return this.#own.document;
  }

  /** What that hub told of itself, to be shown to it. */
  of(hub: HubId): SignedDocument[] {
    const record = this.#heard.get(hub);
    if (!record) return [];
    return record.past ? [record.past, record.last] : [record.last];
  }

  /** A hub's word on itself, out of a frame that it signed. */
  heard(from: HubId, document: SignedDocument): void {
    const mark = readMark(document);
    if (mark?.hub !== from) return;
    const known = this.#heard.get(from);
    const last = known && readMark(known.last);
    if (last && last.epoch === mark.epoch && last.commits >= mark.commits) return;
    if (last && last.epoch > mark.epoch) return;
    const isNewLife = last && (last.epoch < mark.epoch || last.bornAtMs !== mark.bornAtMs);
    const past = known && isNewLife ? higher(known, known.past) : known?.past;
    const record: MarkRecord = { last: document, past: past ?? null };
    this.#heard.set(from, record);
    this.#context.put('mark', from, record);
  }

  /** The highest mark of this hub that its store has not reached, if these prove that there is one. */
  lost(documents: readonly SignedDocument[]): Mark | undefined {
    let lost: Mark | undefined;
    for (const document of documents) {
      const mark = readMark(document);
      if (mark?.hub !== this.#context.self || !this.#isAhead(mark)) continue;
      const { crypto, self } = this.#context;
      if (!isSignedByAny(crypto, document, 'mark', self, this.#context.keysOfHub(self))) continue;
      lost = {
        hub: mark.hub,
        epoch: Math.max(mark.epoch, lost?.epoch ?? 0),
        commits: Math.max(mark.commits, lost?.commits ?? 0),
        bornAtMs: mark.bornAtMs,
      };
    }
    return lost;
  }

  /** A copy of the store from one life back begins the same epoch a second time. */
  #isAhead({ epoch, commits, bornAtMs }: Mark): boolean {
    const own = this.#start;
    if (epoch === own.epoch) return bornAtMs !== own.bornAtMs;
    return epoch > own.epoch || commits > own.commits;
  }
}

function higher({ last }: MarkRecord, past: SignedDocument | null): SignedDocument {
  return past && commitsOf(past) > commitsOf(last) ? past : last;
}

function commitsOf(document: SignedDocument): number {
  return readMark(document)?.commits ?? 0;
}

/** Peers send these: nothing in them is certain. */
function readMark({ payload }: SignedDocument): Mark | undefined {
  try {
    const { hub, epoch, commits, bornAtMs } = JSON.parse(payload);
    const areNumbers = [epoch, commits, bornAtMs].every(Number.isSafeInteger);
    return typeof hub === 'string' && areNumbers ? { hub, epoch, commits, bornAtMs } : undefined;
  } catch {
    return undefined;
  }
}
