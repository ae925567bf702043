/** Promise 9: whoever has the operator's list hears a hub with each key that is listed for it. */

import type { HubList } from '@sparegrid/core/identity/statements';
import type { SignedFrame } from '@sparegrid/core/messages';
import type { Write } from '@sparegrid/core/step';
import { frameSigningText } from '@sparegrid/core/units/frame-text';
import type { HubId, NodeId } from '@sparegrid/core/units/ids';
import { documentReader } from '@sparegrid/link/documents';
import type { Keyring } from '../kernel/keyring.ts';
import type { Turned } from './frames.ts';
import type { Model } from './model.ts';
import { parseStored } from './stored-text.ts';

export class HubKeys {
  readonly #model: Model;
  readonly #keyring: Keyring;
  /** What hubs and agents have on record. */
  readonly #lists = new Map<NodeId, HubList>();

  constructor(model: Model, keyring: Keyring) {
    this.#model = model;
    this.#keyring = keyring;
  }

  committed(node: NodeId, writes: readonly Write[]): void {
    for (const { table, text } of writes) {
      if (table === 'hub-list' && text !== null) {
        this.#lists.set(node, parseStored<{ list: HubList }>(text).list);
      }
    }
  }

  remember(node: NodeId): HubList | undefined {
    return this.#lists.get(node);
  }

  putBack(node: NodeId, list: HubList | undefined): void {
    if (list) this.#lists.set(node, list);
    else this.#lists.delete(node);
  }

  /** Frames that a node turned away in one step. */
  turned(node: NodeId, taken: readonly SignedFrame[], turned: readonly Turned[]): void {
    for (const { from, session, seq, code } of turned) {
      if (code !== 'LINK_SIGNATURE') continue;
      const same = taken.filter(
        ({ frame }) => frame.from === from && frame.session === session && frame.seq === seq,
      );
      // Of two with one number, one is a forgery.
      const [only] = same;
      if (!only || same.length > 1 || !this.#isListed(node, only)) continue;
      const id = `${from} ${session} ${seq}`;
      this.#model.violate('frame.refused-listed-key', node, id, `signed with a key of ${from}`);
    }
  }

  /** By the list on record, or by a newer one in the frame itself. */
  #isListed(node: NodeId, { frame, text, signature }: SignedFrame): boolean {
    const known = this.#lists.get(node);
    const { verify } = this.#keyring.cryptoOf(node);
    const signed = frameSigningText(text);
    const isKeyIn = (list: HubList | undefined) =>
      keysIn(list, frame.from).some((key) => verify(key, signed, signature));
    return isKeyIn(known) || isKeyIn(this.#shown(frame.messages, known?.revision ?? 0));
  }

  #shown(messages: SignedFrame['frame']['messages'], known: number): HubList | undefined {
    const document = messages.find((message) => message.type === 'hub-list')?.document;
    const read = document && documentReader.hubList(document.payload);
    return read?.ok && read.value.revision > known ? read.value : undefined;
  }
}

function keysIn(list: HubList | undefined, hub: HubId): readonly string[] {
  return list?.hubs.find(({ id }) => id === hub)?.signKeys ?? [];
}
