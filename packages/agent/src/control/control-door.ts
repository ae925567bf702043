/** The agent's control door: a local socket that only its owner may open. One JSON line each way. */
import { rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { ContainerId, HubId } from '@sparegrid/core/units/ids';
import type { ResourceAmounts } from '@sparegrid/core/units/resources';
import { checkPathLength } from '@sparegrid/link/socket-path';
import { z } from 'zod';
import type { AgentMode, ModeFile } from './mode.ts';

/** What may be asked: `drain` is answered again with every change until nothing runs. */
export type ControlOp = 'status' | 'pause' | 'drain' | 'resume';

export interface AgentState {
  mode: AgentMode;
  /** Containers that have not ended; `billed` once this machine knows that the lease began. */
  containers: { id: ContainerId; state: string; attempt: number; billed: boolean }[];
  /** Null for an agent that only rents. */
  offered: ResourceAmounts | null;
  /** Whether the hub acknowledges what this agent reports; if not, why, where that is known. */
  hub: { id: HubId; hears: boolean; why: string | null };
  /** The disk is almost full: nothing new is taken until it has room again. */
  diskLow: boolean;
}

export type ControlAnswer = ({ ok: true } & AgentState) | { ok: false; code: string; hint: string };

const MODES: Readonly<Record<Exclude<ControlOp, 'status'>, AgentMode>> = {
  pause: 'paused',
  drain: 'draining',
  resume: 'offering',
};

const question = z.strictObject({ op: z.enum(['status', 'pause', 'drain', 'resume']) });

/** Longest line that is read: an attacker's would otherwise fill the memory. */
const LINE_MAX = 4_096;

export interface DoorPorts {
  mode: ModeFile;
  state(): AgentState;
  /** The mode was set. */
  modeChanged(): void;
}

export class ControlDoor {
  readonly #ports: DoorPorts;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Who waits until nothing runs. */
  readonly #waiting = new Set<Socket>();
  #last = '';

  private constructor(ports: DoorPorts) {
    this.#ports = ports;
    this.#server = createServer((socket) => this.#serve(socket));
  }

  /** @throws LinkFault LINK_SOCKET_PATH_LENGTH; what the system says when the socket cannot be opened. */
  static async open(path: string, ports: DoorPorts): Promise<ControlDoor> {
    const door = new ControlDoor(ports);
    checkPathLength(path);
    // A killed agent left it; the store's lock keeps a second agent out.
    rmSync(path, { force: true });
    const before = process.umask(0o177);
    try {
      const opened = new Promise<void>((resolve, reject) => {
        door.#server.once('error', reject);
        door.#server.listen(path, resolve);
      });
      await opened;
    } finally {
      process.umask(before);
    }
    return door;
  }

  /** Something of the agent's state may have changed. */
  changed(): void {
    if (this.#waiting.size === 0) return;
    const state = this.#ports.state();
    const text = JSON.stringify(state);
    if (text === this.#last) return;
    this.#last = text;
    for (const socket of this.#waiting) this.#tellDrain(socket, state);
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#sockets.delete(socket);
      this.#waiting.delete(socket);
    });
    let read = 0;
    socket.on('data', (piece) => {
      read += piece.length;
      if (read > LINE_MAX) socket.destroy();
    });
    createInterface(socket).on('line', (line) => this.#answer(socket, line));
  }

  #answer(socket: Socket, line: string): void {
    const read = question.safeParse(parsed(line));
    if (!read.success) {
      const hint = 'expected {"op":"status"|"pause"|"drain"|"resume"}';
      return this.#end(socket, { ok: false, code: 'AGENT_CONTROL_MALFORMED', hint });
    }
    const { op } = read.data;
    if (op !== 'status') {
      this.#ports.mode.set(MODES[op]);
      this.#ports.modeChanged();
    }
    const state = this.#ports.state();
    if (op === 'drain') this.#tellDrain(socket, state);
    else this.#end(socket, { ok: true, ...state });
  }

  #tellDrain(socket: Socket, state: AgentState): void {
    const answer = { ok: true, ...state } as const;
    if (state.containers.length === 0 || state.mode !== 'draining')
      return this.#end(socket, answer);
    this.#waiting.add(socket);
    socket.write(`${JSON.stringify(answer)}\n`);
  }

  #end(socket: Socket, answer: ControlAnswer): void {
    this.#waiting.delete(socket);
    socket.end(`${JSON.stringify(answer)}\n`);
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
