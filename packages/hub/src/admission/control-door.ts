/** The hub's control door: a local socket that only its owner may open. One JSON line each way. */
import { rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { AdmissionAnswer, AdmissionRequest } from '@sparegrid/core/hub/admission';
import { type Refusal, refuse } from '@sparegrid/core/refusals';
import { newSecret, tokenDigest } from '@sparegrid/link/identity/join-token';
import { readAs } from '@sparegrid/link/read-as';
import { controlQuestion } from '@sparegrid/link/schemas/admission';
import { checkPathLength } from '@sparegrid/link/socket-path';

/** A list of a thousand hubs fits. */
const LINE_MAX = 1_048_576;
const CODES = { malformed: 'LINK_MALFORMED', tooLarge: 'LINK_TOO_LARGE' } as const;

export type ControlAnswer =
  | Exclude<AdmissionAnswer, { op: 'token.create' } | Refusal>
  /** The secret is told once; the hub keeps its digest. */
  | { ok: true; op: 'token.create'; secret: string }
  | { ok: true; op: 'reload' }
  | Refusal;

export interface ControlPorts {
  ask(request: AdmissionRequest): Promise<AdmissionAnswer>;
  /** Certificates were renewed. */
  reload(): void;
}

export class ControlDoor {
  readonly #ports: ControlPorts;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(ports: ControlPorts) {
    this.#ports = ports;
    this.#server = createServer((socket) => this.#serve(socket));
  }

  /** @throws LinkFault LINK_SOCKET_PATH_LENGTH; what the system says when the socket cannot be opened. */
  static async open(path: string, ports: ControlPorts): Promise<ControlDoor> {
    const door = new ControlDoor(ports);
    checkPathLength(path);
    // A killed hub left it; the store's lock keeps a second hub out.
    rmSync(path, { force: true });
    const before = process.umask(0o177);
    try {
      await new Promise<void>((resolve, reject) => {
        door.#server.once('error', reject);
        door.#server.listen(path, resolve);
      });
    } finally {
      process.umask(before);
    }
    return door;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => this.#sockets.delete(socket));
    let read = 0;
    socket.on('data', (piece) => {
      read += piece.length;
      if (read > LINE_MAX) socket.destroy();
    });
    createInterface(socket).once('line', (line) => void this.#answer(socket, line));
  }

  async #answer(socket: Socket, line: string): Promise<void> {
    const answer = await this.#answerTo(line);
    socket.end(`${JSON.stringify(answer)}\n`);
  }

  async #answerTo(line: string): Promise<ControlAnswer> {
    const read = readAs(controlQuestion, line, CODES);
    if (!read.ok) return read;
    const question = read.value;
    if (question.op === 'reload') {
      this.#ports.reload();
      return { ok: true, op: 'reload' };
    }
    if (question.op !== 'token.create') {
      const answer = await this.#ports.ask(question);
      return answer.ok && answer.op === 'token.create' ? refuse('LINK_MALFORMED', '') : answer;
    }
    const secret = newSecret();
    const answer = await this.#ports.ask({ ...question, digest: tokenDigest(secret) });
    return answer.ok ? { ok: true, op: 'token.create', secret } : answer;
  }
}
