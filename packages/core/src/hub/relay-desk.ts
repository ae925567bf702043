/** Relaying: participant -> hub -> hub -> participant. */
import type { HubMessage } from '../messages.ts';
import { type HubId, hubOf, type ParticipantId } from '../units/ids.ts';
import type { HubContext } from './context.ts';

type Relay = Extract<HubMessage, { type: 'relay' }>;

export class RelayDesk {
  readonly #context: HubContext;

  constructor(context: HubContext) {
    this.#context = context;
  }

  /** From a participant of this subnet to one of any. @patent [0032] TOP-1 TOP-2 TOP-3 */
  fromParticipant(
    sender: ParticipantId,
    session: string,
    to: ParticipantId,
    payload: string,
  ): void {
    const { panorama, config, self, subnet } = this.#context;
    const member = subnet.get(sender);
    // By the name that whoever deals with this role of it knows.
    const asLessor = member?.agentSession === session ? member.veil?.name : undefined;
    const from = asLessor ?? this.#context.lesseeName(sender);
    // The id names the hub: a participant that registers no resources is reached, too.
    const hub = hubOf(to);
    if (!panorama.parts.has(hub) || payload.length > config.limits.relayBytes) return;
    const message = { type: 'relay', from, to, payload } as const;
    if (hub === self) this.#deliver(message);
    else this.#context.send(hub, message);
  }

  /** @returns false when that hub speaks for somebody of another subnet. */
  fromHub(from: HubId, message: Relay): boolean {
    if (!message.from.endsWith(`.${from}`)) return false;
    this.#deliver(message);
    return true;
  }

  /** The receiver may be called by a pseudonym, or by an id that its sender was told by itself. */
  #deliver({ from, to: name, payload }: Omit<Relay, 'type'>): void {
    const to = this.#context.subnet.named(name)?.admitted.id ?? name;
    const message = { type: 'relayed', from, payload } as const;
    this.#context.sendToAgent(to, message);
    for (const session of this.#context.sessions.get(to) ?? []) {
      this.#context.out.send(to, message, session);
    }
  }
}
