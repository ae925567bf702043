/** A lessor of a replay: the participant core in its production loop, without any real container. */
import type { KeyObject } from 'node:crypto';
import type { ParticipantConfig } from '@sparegrid/core/participant/config';
import {
  ParticipantCore,
  type ParticipantEffect,
  type ParticipantInput,
} from '@sparegrid/core/participant/participant-core';
import type { OfferWanted, SpecFound } from '@sparegrid/core/participant/reporter';
import type { Send } from '@sparegrid/core/step';
import { documentReader } from '@sparegrid/link/documents';
import { quickEd25519 } from '@sparegrid/link/ed25519';
import { decodeFrame } from '@sparegrid/link/frame';
import { Framer } from '@sparegrid/link/framer';
import { byReceiver } from '@sparegrid/link/loop/by-receiver';
import { NodeLoop } from '@sparegrid/link/loop/node-loop';
import { resumeNode } from '@sparegrid/link/loop/resume';
import { nodeCrypto } from '@sparegrid/link/node-crypto';
import { MemoryStore } from '@sparegrid/link/store/memory-store';
import type { Transport } from '@sparegrid/link/transport';

const INBOX_MAX = 1_024;

export interface LessorSettings {
  config: ParticipantConfig;
  key: KeyObject;
  spec: SpecFound;
  offer: OfferWanted;
  transport: Transport;
  /** Name of the hub's local door. */
  hubDoor: string;
  onFault(error: unknown): void;
}

export interface Running {
  stop(): Promise<void>;
}

export interface RunningLessor extends Running {
  /** Something else is to be offered from now on. */
  offer(offer: OfferWanted): void;
}

/** Its containers start at once and run until they are stopped. */
export async function startLessor(settings: LessorSettings): Promise<RunningLessor> {
  const { config, key, spec, offer, transport, hubDoor, onFault } = settings;
  const crypto = nodeCrypto(key, quickEd25519());
  const store = new MemoryStore();
  const { clock, records } = await resumeNode(store);
  const env = { crypto, documents: documentReader };
  const core = new ParticipantCore(config, env, clock.now(), records);
  const { session } = core;
  const { frameTtlMs } = config.timing;
  const framer = new Framer({ crypto, from: config.id, session, epoch: 0, frameTtlMs });

  const loop = new NodeLoop<ParticipantInput, ParticipantEffect>({
    core,
    store,
    clock,
    inboxMax: INBOX_MAX,
    diskFreeBytesMin: 0,
    prepare: (sends, now) => prepare(sends, now.wallMs),
    perform,
    onFault,
  });
  const link = transport.connect({
    path: hubDoor,
    onFrame: (text, signature) => {
      const decoded = decodeFrame(text, signature);
      if (!decoded.ok) return onFault(new Error(`${config.id}: ${decoded.code} ${decoded.hint}`));
      return loop.offer({ kind: 'frame', signed: decoded.signed });
    },
    onConnect: () => void loop.offer({ kind: 'hub-connected' }),
    onDisconnect: () => void loop.offer({ kind: 'hub-disconnected' }),
  });

  function prepare(sends: readonly Send[], wallMs: number): () => void {
    const frames = byReceiver(sends).flatMap(({ to, messages }) =>
      framer.frame(to, messages, wallMs),
    );
    return () => {
      for (const { text, signature } of frames) link.send(text, signature);
    };
  }

  function perform(effect: ParticipantEffect): void {
    if (effect.kind === 'start') {
      void loop.offer({ kind: 'container-started', id: effect.container.id });
    } else if (effect.kind === 'stop') {
      const { id } = effect;
      void loop.offer({ kind: 'container-exited', id, exitCode: null, reason: 'stopped' });
    } else if (effect.kind === 'rejected' && effect.code !== 'OFFER_UNREGISTERED') {
      // An offer that overtook its registration is sent again; everything else is a broken input.
      onFault(new Error(`${config.id}: ${effect.what} ${effect.code} ${effect.hint}`));
    }
  }

  void loop.offer({ kind: 'resource', spec });
  void loop.offer({ kind: 'offer', offer });
  await loop.start();
  return {
    offer: (wanted) => void loop.offer({ kind: 'offer', offer: wanted }),
    stop: async () => {
      await loop.stop();
      await link.close();
      await store.close();
    },
  };
}
