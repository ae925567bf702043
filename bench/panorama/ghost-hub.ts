/** A hub that the bench plays: it publishes any number of lots, and never votes for any of them. */
import type { KeyObject } from 'node:crypto';
import type { Message } from '@sparegrid/core/messages';
import type { SellOrder } from '@sparegrid/core/order/sell-order';
import type { LeaseRow } from '@sparegrid/core/panorama/row';
import { Framer } from '@sparegrid/link/framer';
import { generateKey, publicKeyOf } from '@sparegrid/link/keys';
import { localSockets } from '@sparegrid/link/local-socket';
import { nodeCrypto } from '@sparegrid/link/node-crypto';
import type { Client } from '@sparegrid/link/transport';
import { lotOf, offerFrom, plainLot } from '../index/market.ts';

const HUB = 'g1';
const HOUR_MS = 3_600_000;
/** Added to every ask: nobody chooses these lots while there are others. */
const DEARER = 1_000_000n;
/** Nothing may be dropped of what the bench counts. */
const QUEUE_BYTES_MAX = 2 ** 31;
/** As many as a message of a hub holds, about. */
const LOTS_PER_MESSAGE = 250;

export class GhostHub {
  readonly id = HUB;
  readonly publicKey: string;
  readonly #framer: Framer;
  readonly #links = new Map<string, Client>();
  #revision = 0;

  constructor(key: KeyObject = generateKey()) {
    this.publicKey = publicKeyOf(key);
    const crypto = nodeCrypto(key);
    this.#framer = new Framer({ crypto, from: HUB, session: 'e1', epoch: 1, frameTtlMs: 30_000 });
  }

  get revision(): number {
    return this.#revision;
  }

  /** Resolves when the door is open. */
  connect(door: string): Promise<void> {
    return new Promise((resolve) => {
      const onConnect = () => resolve();
      const options = { path: door, onFrame: () => {}, onConnect, queueBytesMax: QUEUE_BYTES_MAX };
      this.#links.set(door, localSockets.connect(options));
    });
  }

  /** Everything it offers, as signed frames. */
  snapshot(lessors: number, lotsPerLessor: number): Message[] {
    const rows = Array.from({ length: lessors }, (_, at) => this.#row(at, lotsPerLessor, at));
    const chunks = chunksOf(rows, lotsPerLessor);
    const base = { type: 'snapshot', epoch: 1, revision: this.#revision, complete: true } as const;
    return chunks.map((some, chunk) => ({ ...base, chunk, chunks: chunks.length, rows: some }));
  }

  /** `count` changes of stock, lessor after lessor. */
  changes(count: number, lessors: number, lotsPerLessor: number): Message[] {
    let from = this.#revision;
    const rows = Array.from({ length: count }, (_, at) =>
      this.#row((at * 7919) % lessors, lotsPerLessor, at + 1),
    );
    return chunksOf(rows, lotsPerLessor).map((some) => {
      const to = some.at(-1)?.revision ?? from;
      const delta = { type: 'delta', epoch: 1, from, to, complete: true, rows: some } as const;
      from = to;
      return { ...delta, changes: [] };
    });
  }

  /** Signed for each hub: that is work of the sender, whose time is not the receiver's. */
  framed(hub: string, messages: readonly Message[]) {
    return messages.flatMap((message) => this.#framer.frame(hub, [message], Date.now()));
  }

  send(door: string, frames: readonly { text: string; signature: string }[]): void {
    const link = this.#links.get(door);
    for (const { text, signature } of frames) link?.send(text, signature);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#links.values()].map((link) => link.close()));
  }

  #row(lessor: number, lots: number, salt: number): LeaseRow {
    this.#revision += 1;
    const participant = `p${String(lessor).padStart(7, '0')}.${HUB}`;
    const offer: SellOrder = {
      ...offerFrom(0),
      participant,
      validUntilMs: Date.now() + HOUR_MS,
      lots: Array.from({ length: lots }, (_, at) => lotFrom(lessor * lots + at + salt, at)),
    };
    return { kind: 'lease', participant, revision: this.#revision, offer };
  }
}

function lotFrom(number: number, at: number) {
  const lot = lotOf(number, plainLot(number));
  const { cpuMicroPerCoreHour, ...asks } = lot.asks;
  const dearer = { ...asks, cpuMicroPerCoreHour: cpuMicroPerCoreHour + DEARER };
  return { ...lot, id: `m${at}`, asks: dearer };
}

function chunksOf<T>(rows: readonly T[], lotsPerRow: number): T[][] {
  const count = Math.max(1, Math.floor(LOTS_PER_MESSAGE / lotsPerRow));
  const chunks: T[][] = rows.length === 0 ? [[]] : [];
  for (let at = 0; at < rows.length; at += count) chunks.push(rows.slice(at, at + count));
  return chunks;
}
