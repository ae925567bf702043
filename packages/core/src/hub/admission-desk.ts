/** Who belongs to the subnet and to the network: tokens, admission, new keys, expulsion, hub list. */
import type {
  KeyKind,
  KeyStatement,
  ListedHub,
  OrganizationStatement,
} from '../identity/statements.ts';
import { type KeyWanted, verifyHubList, verifyKeyChain } from '../identity/verify.ts';
import type { HubListMessage, Message } from '../messages.ts';
import { type Read, type Refusal, refuse } from '../refusals.ts';
import type { SignedDocument } from '../units/document.ts';
import {
  compareIds,
  type HubId,
  hubOf,
  isParticipantId,
  type ParticipantId,
} from '../units/ids.ts';
import { apart } from '../units/now.ts';
import {
  type AdmissionAnswer,
  type AdmissionRecord,
  type AdmissionRequest,
  type HubListRecord,
  type JoinRequest,
  joinText,
  type ParticipantView,
  type RenewRequest,
  renewText,
  type TokenRecord,
} from './admission.ts';
import type { HubContext } from './context.ts';
import type { Member } from './subnet.ts';

/** What happens elsewhere in the hub when somebody leaves. */
export interface AdmissionHooks {
  stockChanged(lessor: ParticipantId): void;
  schedule(lessor: ParticipantId): void;
  cancelAll(lessee: ParticipantId): void;
}

/** Frames and documents of the key before are under way for no longer than that. */
const KEY_OVERLAP_MS = 3_600_000;
/** A used token is remembered so long after its end, so that a lost answer can be asked for again. */
const USED_TOKEN_MS = 3_600_000;
const TOKENS_MAX = 10_000;
const PARTICIPANTS_MAX = 100_000;

const KINDS: Readonly<Record<TokenRecord['role'], readonly KeyKind[]>> = {
  lessor: ['agent'],
  lessee: ['user', 'agent'],
};

export class AdmissionDesk {
  readonly #context: HubContext;
  readonly #hooks: AdmissionHooks;
  readonly #tokens = new Map<string, TokenRecord>();
  readonly #records = new Map<ParticipantId, AdmissionRecord>();
  /** Keys in use, and keys of the expelled: whose they are. */
  readonly #owners = new Map<string, ParticipantId>();
  #hubList: HubListRecord | null = null;

  constructor(context: HubContext, hooks: AdmissionHooks) {
    this.#context = context;
    this.#hooks = hooks;
    for (const { admitted } of context.subnet.members.values()) {
      this.#owners.set(admitted.publicKey, admitted.id);
    }
  }

  /** Of the operator's list of hubs that is in use; 0 without one. */
  get hubListRevision(): number {
    return this.#hubList?.list.revision ?? 0;
  }

  get listedHubs(): readonly ListedHub[] {
    return this.#hubList?.list.hubs ?? [];
  }

  // ---- restart ----

  /** Before registrations: whoever registered must be a member. */
  restore(record: AdmissionRecord): void {
    const { id } = record.participant;
    const { elapsedMs } = this.#context.now();
    const member =
      this.#context.subnet.get(id) ?? this.#context.subnet.add(record.participant, elapsedMs);
    this.#remember(record);
    this.#apply(member, record);
  }

  restoreToken(digest: string, record: TokenRecord): void {
    this.#tokens.set(digest, record);
    this.#scheduleToken(digest, record);
  }

  restoreHubs(record: HubListRecord): void {
    this.#takeHubs(record);
  }

  // ---- requests ----

  handle(request: AdmissionRequest): AdmissionAnswer {
    switch (request.op) {
      case 'join':
        return this.#join(request);
      case 'renew':
        return this.#renew(request);
      case 'token.create':
        return this.#createToken(request);
      case 'participant.list':
        return { ok: true, op: request.op, participants: this.#views() };
      case 'participant.expel':
        return this.#expel(request.participant);
      case 'hubs.set':
        return this.#setHubs(request.document);
      case 'hubs.get': {
        const revision = this.hubListRevision;
        return { ok: true, op: request.op, revision, hubs: this.listedHubs };
      }
    }
  }

  /** @refuses ADMISSION_CLOSED, ADMISSION_NOT_HERE, ADMISSION_LIMIT, STORE_LOW_DISK */
  #createToken(request: Extract<AdmissionRequest, { op: 'token.create' }>): AdmissionAnswer {
    const { digest, role, organization, participant, ttlMs } = request;
    const { config, diskLow, self } = this.#context;
    if (!config.network) return refuse('ADMISSION_CLOSED', 'network');
    if (participant !== null && hubOf(participant) !== self) {
      return refuse('ADMISSION_NOT_HERE', `expected a name that ends in .${self}`);
    }
    // Asked for once more, as the answer was lost: a used token must not become a fresh one.
    if (this.#tokens.has(digest)) return { ok: true, op: 'token.create', digest };
    if (this.#tokens.size >= TOKENS_MAX) return refuse('ADMISSION_LIMIT', `${TOKENS_MAX} tokens`);
    if (diskLow) return refuse('STORE_LOW_DISK', 'try again later');
    const expiresAtElapsedMs = this.#context.now().elapsedMs + ttlMs;
    this.#saveToken(digest, { role, organization, participant, expiresAtElapsedMs, usedBy: null });
    return { ok: true, op: 'token.create', digest };
  }

  /**
   * Admits whoever has the token and keys that its organisation vouches for. The same request again
   * has the same answer: the first one may have been lost.
   *
   * @refuses ADMISSION_CLOSED, ADMISSION_TOKEN, ADMISSION_NOT_HERE, IDENTITY_* as
   *          {@link verifyKeyChain}, ADMISSION_PROOF, ADMISSION_EXPELLED, ADMISSION_TOKEN_USED,
   *          ADMISSION_TAKEN, ADMISSION_LIMIT, STORE_LOW_DISK; in this order.
   * @patent [0032] TOP-5
   */
  #join(request: JoinRequest): AdmissionAnswer {
    const { subnet, crypto, self, config, diskLow } = this.#context;
    const { participant: id } = request;
    if (!config.network) return refuse('ADMISSION_CLOSED', 'network');
    const token = this.#tokens.get(request.token);
    const { elapsedMs } = this.#context.now();
    const isOver = token && token.usedBy === null && elapsedMs >= token.expiresAtElapsedMs;
    if (!token || isOver) return refuse('ADMISSION_TOKEN', 'unknown, or expired');
    const isMeant = token.participant === null || token.participant === id;
    if (!isParticipantId(id) || hubOf(id) !== self || !isMeant) {
      return refuse('ADMISSION_NOT_HERE', `expected ${token.participant ?? `<name>.${self}`}`);
    }
    const verified = this.#verify(request.chain, { subject: id, kinds: KINDS[token.role] });
    if (!verified.ok) return verified;
    const { keys, organization } = verified.value;
    const asked = organization.organization;
    if (asked.id !== token.organization.id || asked.kind !== token.organization.kind) {
      const { id: wanted, kind } = token.organization;
      return refuse('IDENTITY_ORGANIZATION', `expected ${wanted} (${kind})`);
    }
    if (!crypto.verify(keys.signKey, joinText(self, request), request.proof)) {
      return refuse('ADMISSION_PROOF', 'proof');
    }
    const known = subnet.get(id);
    const owner = this.#owners.get(keys.signKey);
    if (known?.expelled || (owner && subnet.get(owner)?.expelled)) {
      return refuse('ADMISSION_EXPELLED', id);
    }
    const { usedBy } = token;
    if (usedBy && (usedBy.participant !== id || usedBy.signKey !== keys.signKey)) {
      return refuse('ADMISSION_TOKEN_USED', 'each token admits one participant');
    }
    if (usedBy && known) return this.#admitted('join', known);
    if (known || owner) return refuse('ADMISSION_TAKEN', known ? id : 'the key');
    if (subnet.members.size >= PARTICIPANTS_MAX) {
      return refuse('ADMISSION_LIMIT', `${PARTICIPANTS_MAX} participants`);
    }
    if (diskLow) return refuse('STORE_LOW_DISK', 'try again later');
    const lends = token.role === 'lessor';
    const participant = { id, publicKey: keys.signKey, organization: asked, lends };
    const member = subnet.add({ ...participant, collect: 'push' }, elapsedMs);
    this.#save({
      participant: member.admitted,
      chain: request.chain,
      revision: keys.revision,
      earlierKey: null,
      expelledAtMs: null,
    });
    this.#saveToken(request.token, {
      ...token,
      usedBy: { participant: id, signKey: keys.signKey },
    });
    this.#context.panorama.setComplete(subnet.isComplete());
    this.#context.out.effect({ kind: 'subnet-changed', expelled: null });
    return this.#admitted('join', member);
  }

  /**
   * A participant's certificate is about to expire, or it changes its keys; the key before stays good
   * for a while. The same request again changes nothing more.
   *
   * @refuses ADMISSION_CLOSED, ADMISSION_UNKNOWN, ADMISSION_PROOF, LINK_EXPIRED, IDENTITY_*,
   *          ADMISSION_TAKEN, STORE_LOW_DISK; in this order. The expelled are ADMISSION_UNKNOWN.
   */
  #renew(request: RenewRequest): AdmissionAnswer {
    const { subnet, crypto, self, config, timing, diskLow } = this.#context;
    const { participant: id, chain, sentAtMs } = request;
    if (!config.network) return refuse('ADMISSION_CLOSED', 'network');
    const member = subnet.get(id);
    if (!member || member.expelled) return refuse('ADMISSION_UNKNOWN', id);
    const text = renewText(self, request);
    const { wallMs, elapsedMs } = this.#context.now();
    const present = this.#context.keysOf(id);
    if (!present.some((key) => crypto.verify(key, text, request.signature))) {
      return refuse('ADMISSION_PROOF', 'signature');
    }
    if (Math.abs(wallMs - sentAtMs) > timing.toleranceMs + timing.frameTtlMs) {
      return refuse('LINK_EXPIRED', apart(sentAtMs, wallMs));
    }
    const record = this.#records.get(id);
    const { organization, publicKey } = member.admitted;
    const verified = this.#verify(chain, {
      subject: id,
      kinds: KINDS[member.admitted.lends ? 'lessor' : 'lessee'],
      organization: organization.id,
      revisionMin: record?.revision ?? 0,
    });
    if (!verified.ok) return verified;
    const { keys } = verified.value;
    if (!crypto.verify(keys.signKey, text, request.proof))
      return refuse('ADMISSION_PROOF', 'proof');
    if ((this.#owners.get(keys.signKey) ?? id) !== id) return refuse('ADMISSION_TAKEN', 'the key');
    const isSameKey = keys.signKey === publicKey;
    if (record && keys.revision === record.revision && !isSameKey) {
      return refuse('IDENTITY_OUTDATED', `revision ${keys.revision} names other keys`);
    }
    if (record?.revision === keys.revision && isSameKey) return this.#admitted('renew', member);
    if (diskLow) return refuse('STORE_LOW_DISK', 'try again later');
    const untilMs = elapsedMs + KEY_OVERLAP_MS;
    const next = {
      participant: { ...member.admitted, publicKey: keys.signKey },
      chain,
      revision: keys.revision,
      earlierKey: isSameKey ? member.earlierKey : { publicKey, untilMs },
      expelledAtMs: null,
    };
    this.#save(next);
    this.#apply(member, next);
    return this.#admitted('renew', member);
  }

  /**
   * Puts the participant out for good: its frames are refused from now on, its rows leave the
   * panoramas, its orders are cancelled, and what it runs for others ends by the rule for a lessor
   * that was lost. Neither the name nor its keys are ever admitted again.
   *
   * @refuses ADMISSION_UNKNOWN
   */
  #expel(id: ParticipantId): AdmissionAnswer {
    const member = this.#context.subnet.get(id);
    if (!member) return refuse('ADMISSION_UNKNOWN', id);
    if (member.expelled) return { ok: true, op: 'participant.expel', participant: id };
    const record = this.#records.get(id);
    const { wallMs } = this.#context.now();
    const expelled = {
      participant: member.admitted,
      chain: record?.chain ?? null,
      revision: record?.revision ?? 0,
      earlierKey: member.earlierKey,
      expelledAtMs: wallMs,
    };
    this.#save(expelled);
    // Its agent may have been told in this very step what to start.
    if (member.agentSession !== null) this.#context.out.withdraw(id, member.agentSession);
    this.#apply(member, expelled);
    this.#hooks.cancelAll(id);
    this.#hooks.stockChanged(id);
    this.#hooks.schedule(id);
    const { panorama, subnet, sessions, out } = this.#context;
    if (member.veil) panorama.publishResource(member.veil.name, null);
    panorama.setComplete(subnet.isComplete());
    sessions.delete(id);
    out.effect({ kind: 'subnet-changed', expelled: id });
    return { ok: true, op: 'participant.expel', participant: id };
  }

  #views(): ParticipantView[] {
    const members = [...this.#context.subnet.members.values()];
    const views = members.map(({ admitted, expelled, connected }): ParticipantView => {
      const record = this.#records.get(admitted.id);
      const read = record?.chain && this.#context.env.documents.keys(record.chain.key.payload);
      return {
        id: admitted.id,
        organization: admitted.organization,
        role: admitted.lends ? 'lessor' : 'lessee',
        state: expelled ? 'expelled' : 'admitted',
        source: record?.chain ? 'token' : 'configuration',
        connected,
        signKey: admitted.publicKey,
        keysUntilMs: read?.ok ? read.value.notAfterMs : null,
      };
    });
    return views.sort((a, b) => compareIds(a.id, b.id));
  }

  // ---- hubs of the network ----

  /**
   * Takes a newer list at run time. A hub that is not listed any more is not heard, and its rows are
   * left out of matching; what was agreed with it waits until it is listed again.
   *
   * @refuses ADMISSION_CLOSED, as {@link verifyHubList}, STORE_LOW_DISK
   */
  #setHubs(document: SignedDocument): AdmissionAnswer {
    const { config, env, out, diskLow } = this.#context;
    if (!config.network) return refuse('ADMISSION_CLOSED', 'network');
    const known = this.hubListRevision;
    const verified = verifyHubList(env, config.network, document, known);
    if (!verified.ok) return verified;
    if (diskLow) return refuse('STORE_LOW_DISK', 'try again later');
    const record = { document, list: verified.value };
    this.#context.put('hub-list', 'current', record);
    this.#takeHubs(record);
    out.effect({ kind: 'hubs-changed' });
    const { revision, hubs } = verified.value;
    for (const hub of this.#context.peers()) this.#passOn(hub);
    for (const { admitted } of this.#context.subnet.members.values()) this.#tellAgent(admitted.id);
    return { ok: true, op: 'hubs.set', revision, hubs };
  }

  #passOn(hub: HubId): void {
    const { hubList, out } = this.#context;
    if (hubList) out.send(hub, hubList);
  }

  #tellAgent(participant: ParticipantId): void {
    const { hubList } = this.#context;
    if (hubList) this.#context.sendToAgent(participant, hubList);
  }

  /** Said with every heartbeat: whoever has a newer list answers with it. */
  announceHubs(hub: HubId): void {
    if (!this.#context.config.network) return;
    const message = { type: 'hub-list', revision: this.hubListRevision, document: null } as const;
    this.#context.out.send(hub, message);
  }

  /**
   * A peer says which list it has, or passes one on. It is the operator's word or nothing: it may
   * come from any hub, and an older one never counts.
   *
   * @returns why the list was not taken; null when it was, or when there is none to take.
   * @refuses as {@link #setHubs}
   */
  heardHubs(from: HubId, message: HubListMessage): Refusal | null {
    const { revision, document } = message;
    if (!this.#context.config.network) return null;
    if (document === null) {
      if (revision < this.hubListRevision) this.#passOn(from);
      return null;
    }
    // It crossed ours, or came twice.
    if (document.payload === this.#hubList?.document.payload) return null;
    const answer = this.#setHubs(document);
    return answer.ok ? null : answer;
  }

  /**
   * A peer's link is up. It is shown the list: it may have been away while this hub changed its key,
   * and whoever signs with a key that the other does not know is not heard about it otherwise.
   */
  showHubs(hub: HubId): void {
    if (this.#context.hubKeys.has(hub)) this.#passOn(hub);
  }

  /**
   * Keys of a peer that a newer list names, which came in the very frame to be verified: the operator
   * vouches for them, whoever signed the frame. None of a stranger.
   */
  shownKeys(from: HubId, messages: readonly Message[]): readonly string[] {
    const { config, env, hubKeys } = this.#context;
    const shown = messages.find((message) => message.type === 'hub-list');
    if (!config.network || !shown?.document || !hubKeys.has(from)) return [];
    if (shown.revision <= this.hubListRevision) return [];
    const read = verifyHubList(env, config.network, shown.document, this.hubListRevision);
    return (read.ok && read.value.hubs.find(({ id }) => id === from)?.signKeys) || [];
  }

  #takeHubs(record: HubListRecord): void {
    this.#hubList = record;
    const { document, list } = record;
    this.#context.hubList = { type: 'hub-list', revision: list.revision, document };
    const { hubKeys, panorama, self } = this.#context;
    const listed = new Map(record.list.hubs.map(({ id, signKeys }) => [id, signKeys]));
    for (const hub of [...hubKeys.keys()]) {
      if (hub === self || listed.has(hub)) continue;
      hubKeys.delete(hub);
      panorama.markStale(hub);
    }
    for (const [hub, keys] of listed) {
      if (hub === self) {
        // What it signed with its former key is its own word still: marks, parts of agreements.
        hubKeys.set(self, [...new Set([...(hubKeys.get(self) ?? []), ...keys])]);
        continue;
      }
      hubKeys.set(hub, keys);
      this.#meet(hub);
    }
  }

  #meet(hub: HubId): void {
    const { panorama } = this.#context;
    if (panorama.parts.has(hub)) return;
    panorama.addHub(hub);
    const part = panorama.parts.get(hub);
    if (part) part.lastHeardMs = this.#context.now().elapsedMs;
  }

  // ---- records ----

  #verify(
    chain: JoinRequest['chain'],
    wanted: KeyWanted,
  ): Read<{ organization: OrganizationStatement; keys: KeyStatement }> | Refusal {
    const { config, env, timing } = this.#context;
    if (!config.network) return refuse('ADMISSION_CLOSED', 'network');
    const { wallMs } = this.#context.now();
    return verifyKeyChain(env, config.network, chain, wanted, {
      wallMs,
      toleranceMs: timing.toleranceMs,
    });
  }

  #admitted(op: 'join' | 'renew', { admitted }: Member): AdmissionAnswer {
    return { ok: true, op, participant: admitted.id, collect: admitted.collect };
  }

  #apply(member: Member, record: AdmissionRecord): void {
    member.admitted = record.participant;
    member.earlierKey = record.earlierKey;
    if (record.expelledAtMs === null) return;
    member.expelled = true;
    member.connected = false;
    member.agentSession = null;
  }

  #save(record: AdmissionRecord): void {
    this.#context.put('admission', record.participant.id, record);
    this.#remember(record);
  }

  #remember(record: AdmissionRecord): void {
    const { id, publicKey } = record.participant;
    this.#records.set(id, record);
    this.#owners.set(publicKey, id);
    if (record.earlierKey) this.#owners.set(record.earlierKey.publicKey, id);
  }

  #saveToken(digest: string, record: TokenRecord): void {
    this.#tokens.set(digest, record);
    this.#context.put('join-token', digest, record);
    this.#scheduleToken(digest, record);
  }

  #scheduleToken(digest: string, { expiresAtElapsedMs }: TokenRecord): void {
    this.#context.wakeAt(`token ${digest}`, expiresAtElapsedMs + USED_TOKEN_MS);
  }

  forgetToken(digest: string): void {
    if (!this.#tokens.delete(digest)) return;
    this.#context.out.remove('join-token', digest);
  }
}
