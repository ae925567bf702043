/** The agent's one link: everything goes to its hub, a participant has nobody else to talk to. */
import type { ParticipantInput } from '@sparegrid/core/participant/participant-core';
import type { Send } from '@sparegrid/core/step';
import { connectAny } from '@sparegrid/link/connect-any';
import type { Logger } from '@sparegrid/link/daemon/logger';
import { decodeFrame } from '@sparegrid/link/frame';
import type { Framer } from '@sparegrid/link/framer';
import { byReceiver } from '@sparegrid/link/loop/by-receiver';
import type { Client, Transport } from '@sparegrid/link/transport';

export class HubLink {
  readonly #framer: Framer;
  readonly #logger: Logger;
  /** Why there is no link, as it was logged last. */
  #failure = '';
  #closed = false;
  #client: Client | undefined;

  constructor(framer: Framer, logger: Logger) {
    this.#framer = framer;
    this.#logger = logger;
  }

  /**
   * Connects, and connects again, until closed.
   *
   * @param offer  takes an input; a pending promise stops the reading.
   */
  open(
    transport: Transport,
    paths: readonly string[],
    offer: (input: ParticipantInput) => Promise<void> | undefined,
  ): void {
    this.#client = connectAny(transport, paths, {
      onFrame: (text, signature) => {
        const decoded = decodeFrame(text, signature);
        if (decoded.ok) return offer({ kind: 'frame', signed: decoded.signed });
        this.#logger.warn('frame.malformed', { code: decoded.code, hint: decoded.hint });
        return undefined;
      },
      onConnect: () => {
        this.#failure = '';
        this.#logger.info('hub.connected');
        void offer({ kind: 'hub-connected' });
      },
      onDisconnect: () => {
        if (!this.#closed) this.#logger.warn('hub.lost');
        void offer({ kind: 'hub-disconnected' });
      },
      onFailed: (error) => this.#failed(String(error)),
    });
  }

  /** Once for each reason: attempts go on for as long as it takes. */
  #failed(error: string): void {
    if (error === this.#failure) return;
    this.#failure = error;
    this.#logger.warn('hub.unreachable', { error });
  }

  /** Signs the frames; they are sent when what this returns is called. */
  prepare(sends: readonly Send[], wallMs: number): () => void {
    const frames = byReceiver(sends).flatMap(({ to, messages }) =>
      this.#framer.frame(to, messages, wallMs),
    );
    return () => {
      for (const { text, signature } of frames) this.#client?.send(text, signature);
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#client?.close();
  }
}
