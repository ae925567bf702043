/** A hub that lies with its own keys: other rows for one peer, old words, words of others, two votes. */
import type { Vote } from '@sparegrid/core/election/messages';
import type { HubCore } from '@sparegrid/core/hub/hub-core';
import { MASTER_ELECTION } from '@sparegrid/core/hub/panorama-desk';
import { signHubList } from '@sparegrid/core/identity/statements';
import type { HubMessage } from '@sparegrid/core/messages';
import type { PanoramaRow, PartUpdate, SignedUpdate } from '@sparegrid/core/panorama/row';
import type { Send } from '@sparegrid/core/step';
import { type Crypto, type SignedDocument, signDocument } from '@sparegrid/core/units/document';
import { type HubId, hubOf } from '@sparegrid/core/units/ids';
import type { JsonValue } from '@sparegrid/core/units/json';
import { documentReader } from '@sparegrid/link/documents';
import { type Expectation, expectCodes } from '../auditor/expectation.ts';
import type { Rng } from '../kernel/rng.ts';

/** One message that no honest hub would send, and what must come of it. */
export interface Lie {
  to: HubId;
  message: HubMessage;
  expectation: Expectation | null;
}

const REMEMBERED_MAX = 400;
const NOTHING: SignedDocument = { payloadType: '', payload: '', signatures: [] };

/** Its core is honest, and so is its store: what lies is whoever holds its key and its wire. */
export class Liar {
  readonly #id: HubId;
  readonly #rng: Rng;
  #crypto: Crypto;
  readonly #hubs: readonly HubId[];
  /** The peer that is told other things than the rest. */
  readonly #victim: HubId;
  readonly #said: { to: HubId; message: HubMessage }[] = [];

  constructor(id: HubId, rng: Rng, crypto: Crypto, hubs: readonly HubId[]) {
    this.#id = id;
    this.#rng = rng;
    this.#crypto = crypto;
    this.#hubs = hubs;
    this.#victim = rng.pick(this.#peers());
  }

  changeKey(crypto: Crypto): void {
    this.#crypto = crypto;
  }

  #peers(): HubId[] {
    return this.#hubs.filter((hub) => hub !== this.#id);
  }

  /** What it says instead of that; the same object when it stays with the truth. */
  tells({ to, session, message }: Send): Send {
    const peers = this.#peers();
    if (!peers.includes(to)) return { to, session, message };
    const honest = message as HubMessage;
    this.#remember(to, honest);
    return { to, session, message: this.#twisted(to, honest) };
  }

  #remember(to: HubId, message: HubMessage): void {
    if (this.#said.length < REMEMBERED_MAX) this.#said.push({ to, message });
    else this.#said[this.#rng.between(0, REMEMBERED_MAX - 1)] = { to, message };
  }

  #twisted(to: HubId, message: HubMessage): HubMessage {
    switch (message.type) {
      case 'delta':
      case 'snapshot':
        return to === this.#victim && this.#rng.chance(600) ? this.#altered(message) : message;
      case 'part-update':
        return this.#rng.chance(300) ? this.#resigned(message) : message;
      case 'heartbeat':
        if (to !== this.#victim || !this.#rng.chance(300)) return message;
        return this.#boasting(message);
      case 'election-vote':
        return message.election === MASTER_ELECTION ? this.#secondVote(to, message) : message;
      default:
        return message;
    }
  }

  #altered<Update extends SignedUpdate['update']>(update: Update): Update {
    const rows = update.rows.map((row) => this.#other(row));
    if (update.type === 'snapshot') {
      const shared = update.shared.map((row) => ({
        ...row,
        // Cores of the first lot; a resource row has no such figure.
        figures: row.figures.map((figure, at) => (at === 4 ? 2 * figure : figure)),
      }));
      return { ...update, rows, shared };
    }
    const changes = update.changes.map((change) => ({
      ...change,
      figures: change.figures.map((figure, at) => (at % 2 === 0 ? figure : 2 * figure)),
    }));
    return { ...update, rows, changes };
  }

  /** The same row under the same revision, with twice as much for half the price. */
  #other(row: PanoramaRow): PanoramaRow {
    if (row.kind === 'resource' || !row.offer) return row;
    const lots = row.offer.lots.map(({ amounts, asks, ...lot }) => ({
      ...lot,
      amounts: { ...amounts, cpuMillicores: 2 * amounts.cpuMillicores },
      asks: { ...asks, cpuMicroPerCoreHour: asks.cpuMicroPerCoreHour / 2n },
    }));
    return { ...row, offer: { ...row.offer, lots } };
  }

  /** What its core signed for the master to pass on, told otherwise and signed again. */
  #resigned(message: PartUpdate): PartUpdate {
    const read = documentReader.signedUpdate(message.document.payload);
    if (!read.ok || read.value.owner !== this.#id) return message;
    const { update } = read.value;
    return { ...message, document: this.#signed(this.#altered(update), this.#id) };
  }

  #signed(update: SignedUpdate['update'], owner: HubId): SignedDocument {
    const value = { owner, update } as unknown as JsonValue;
    return signDocument(this.#crypto, this.#id, 'part-update', value);
  }

  /** It says that it is further than it is, or that its rows are others. */
  #boasting(message: Extract<HubMessage, { type: 'heartbeat' }>): HubMessage {
    const { version } = message;
    const further = this.#rng.chance(500)
      ? { ...version, revision: version.revision + this.#rng.between(1, 1_000) }
      : { ...version, digest: this.#rng.hex(16) };
    return { ...message, version: further };
  }

  /** Whoever asks for its vote gets it, whomever it was given before. */
  #secondVote(to: HubId, message: Extract<HubMessage, { type: 'election-vote' }>): HubMessage {
    const { election, term, trial } = message;
    if (message.granted) return message;
    const vote: Vote = { election, term, voter: this.#id, candidate: to };
    const document = trial
      ? null
      : signDocument(this.#crypto, this.#id, 'vote', vote as unknown as JsonValue);
    return { ...message, granted: true, vote: document };
  }

  /** Something of its own making, as often as it likes. */
  invents(core: HubCore): Lie | null {
    const to = this.#rng.pick(this.#peers());
    switch (this.#rng.between(0, 7)) {
      case 0:
        return this.#repeats();
      case 1:
        return this.#rowsOfOthers(core, to);
      case 2:
        return this.#signsForOthers(core, to);
      case 3:
        return this.#leads(core, to);
      case 4:
        return this.#rowsOfLater(core, to);
      case 5:
        return this.#onWrongBase(core, to);
      case 6:
        return this.#forgesList(to);
      default:
        return this.#provesRollback(core, to);
    }
  }

  /** An old word of its own in a fresh frame: true once. */
  #repeats(): Lie | null {
    if (this.#said.length === 0) return null;
    const { to, message } = this.#rng.pick(this.#said);
    return { to, message, expectation: null };
  }

  /** Rows of a third hub, as if they were its own. */
  #rowsOfOthers(core: HubCore, to: HubId): Lie | null {
    const rows = this.#stolenRows(core, to);
    if (rows.length === 0) return null;
    const { epoch, revision } = core.panorama.own;
    const numbers = { epoch, from: revision, to: revision + rows.length };
    const message: HubMessage = { type: 'delta', ...numbers, complete: true, rows, changes: [] };
    return { to, message, expectation: lie('rows of others', 'PANORAMA_NOT_OWNER') };
  }

  /** Rows of a third hub with the liar's signature, as a master would pass them on. */
  #signsForOthers(core: HubCore, to: HubId): Lie | null {
    const rows = this.#stolenRows(core, to);
    if (!rows[0]) return null;
    const owner = hubOf(rows[0].participant);
    const part = core.panorama.parts.get(owner);
    if (!part) return null;
    const { epoch, revision, complete } = part;
    const numbers = { epoch, from: revision, to: revision + 1 };
    const document = this.#signed(
      { type: 'delta', ...numbers, complete, rows, changes: [] },
      owner,
    );
    const { term } = core.panoramaStatus;
    const expectation = lie('signature for others', 'PANORAMA_SIGNATURE');
    return { to, message: { type: 'part-update', term, document }, expectation };
  }

  #stolenRows(core: HubCore, to: HubId): PanoramaRow[] {
    const others = this.#peers().filter((hub) => hub !== to);
    const part = others.length > 0 ? core.panorama.parts.get(this.#rng.pick(others)) : undefined;
    const rows = [...(part?.rows() ?? [])].filter(({ kind }) => kind === 'lease');
    const row = rows.length > 0 ? this.#rng.pick(rows) : undefined;
    return part && row ? [{ ...this.#other(row), revision: part.revision + 1 }] : [];
  }

  /** A row of its own under a number that no later truth would reach. */
  #rowsOfLater(core: HubCore, to: HubId): Lie | null {
    const rows = [...core.panorama.own.rows()];
    if (rows.length === 0) return null;
    const { epoch, revision, complete } = core.panorama.own;
    const row = { ...this.#other(this.#rng.pick(rows)), revision: 1_000_000_000 };
    const numbers = { epoch, from: revision, to: revision + 1 };
    const message: HubMessage = { type: 'delta', ...numbers, complete, rows: [row], changes: [] };
    return { to, message, expectation: lie('a row of later', 'PANORAMA_REVISION') };
  }

  /** A change of one of its rows as it never was, whatever the receiver has. */
  #onWrongBase(core: HubCore, to: HubId): Lie | null {
    const { own } = core.panorama;
    const rows = [...own.leases.values()].filter(({ offer }) => offer !== null);
    const row = rows.length > 0 ? this.#rng.pick(rows) : undefined;
    if (!row) return null;
    const { epoch, revision, complete } = own;
    const { participant } = row;
    const numbers = { epoch, from: revision, to: revision + 1 };
    const since = row.revision + this.#rng.pick([-1, 1]);
    const change = { participant, since, revision: revision + 1, figures: [4, 1_000_000] };
    const told = { rows: [], changes: [change] };
    return { to, message: { type: 'delta', ...numbers, complete, ...told }, expectation: null };
  }

  /** It leads, with one vote, its own, or with one that it makes up. */
  #leads(core: HubCore, to: HubId): Lie {
    const term = core.panoramaStatus.term + this.#rng.between(0, 2);
    const election = MASTER_ELECTION;
    const votes = this.#hubs.map((voter) => {
      const vote: Vote = { election, term, voter, candidate: this.#id };
      return signDocument(this.#crypto, voter, 'vote', vote as unknown as JsonValue);
    });
    return { to, message: { type: 'election-lead', election, term, votes }, expectation: null };
  }

  /** A list of hubs in the operator's name, with nobody in it but the two. */
  #forgesList(to: HubId): Lie {
    const hubs = [this.#id, to].map((id) => ({ id, signKeys: [id], mesh: ['sim'] }));
    const list = { network: 'net', revision: 1_000_000, hubs };
    const document = signHubList(this.#crypto, list);
    const message = { type: 'hub-list', revision: list.revision, document } as const;
    return { to, message, expectation: lie('a forged list of hubs', 'IDENTITY_SIGNATURE') };
  }

  /** "You told me that your store had come further": with a signature that is not the other's. */
  #provesRollback(core: HubCore, to: HubId): Lie {
    const epoch = core.panorama.parts.get(to)?.epoch ?? 1;
    const mark = { hub: to, epoch: epoch + 1, commits: 1_000_000_000, bornAtMs: 0 };
    const known = [signDocument(this.#crypto, to, 'mark', mark)];
    const version = core.panorama.own.version();
    const message = { type: 'heartbeat', version, mark: NOTHING, known } as const;
    return { to, message, expectation: null };
  }
}

/** The frame is accepted, and may wake other business; what is wrong in it gets its code. */
function lie(
  what: string,
  code: 'IDENTITY_SIGNATURE' | 'PANORAMA_NOT_OWNER' | 'PANORAMA_SIGNATURE' | 'PANORAMA_REVISION',
) {
  // Its clock may be wrong at that moment, too.
  return { ...expectCodes(what, code, 'LINK_EXPIRED'), mayWake: true };
}
