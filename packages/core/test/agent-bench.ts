/** One agent alone: the test speaks for its hub and is its clock. */
import { DEFAULT_TIMING } from '../src/agreement/timing.ts';
import type { DesiredContainer, Message, SignedFrame } from '../src/messages.ts';
import { acme, buyOrder, WALL_MS } from './fixtures.ts';
import { Framer } from './framer.ts';
import { keysOf } from './keys.ts';
import { AgentNode, type Program, type Surroundings } from './nodes.ts';

export class AgentBench implements Surroundings {
  elapsedMs = 1_000_000;
  /** Frames of the agent, oldest first. */
  readonly posted: SignedFrame[] = [];
  readonly agent: AgentNode;
  /** Whether the hub acknowledges each report as soon as it is sent. */
  acknowledges = true;
  #hub = new Framer('h1', 'e1', 1);

  constructor(programOf: () => Partial<Program> = () => ({})) {
    this.program = () => ({ starts: true, runMs: Infinity, exitCode: 0, ...programOf() });
    const hub = { id: 'h1', publicKey: keysOf('h1').publicKey };
    const config = { id: 'ann.h1', hub, organization: acme, timing: DEFAULT_TIMING };
    this.agent = new AgentNode({ ...config, collect: 'push' }, this);
    this.agent.step([{ kind: 'hub-connected' }]);
    this.tell({ type: 'welcome', hub: 'h1', epoch: 1, collect: 'push' });
  }

  readonly program: () => Program;

  now() {
    return { elapsedMs: this.elapsedMs, wallMs: WALL_MS };
  }

  post(signed: SignedFrame): void {
    this.posted.push(signed);
  }

  restart(): void {}

  /** A message of the hub, whose frames carry its epoch. */
  tell(message: Message): this {
    if ('epoch' in message && message.type === 'desired' && message.epoch > this.#hub.epoch) {
      this.#hub = new Framer('h1', `e${message.epoch}`, message.epoch);
    }
    this.agent.step([{ kind: 'frame', signed: this.#hub.frame('ann.h1', [message], WALL_MS) }]);
    return this;
  }

  /** The desired set at this version. */
  desire(revision: number, containers: DesiredContainer[], epoch = 1): this {
    return this.tell({ type: 'desired', epoch, revision, since: null, containers, gone: [] });
  }

  /** What changed of it since that revision. */
  change(
    since: number,
    revision: number,
    containers: DesiredContainer[],
    gone: string[] = [],
    epoch = 1,
  ): this {
    return this.tell({ type: 'desired', epoch, revision, since, containers, gone });
  }

  /** Messages of the agent since the last call. */
  take(): Message[] {
    return this.posted.splice(0).flatMap(({ frame }) => frame.messages);
  }

  /** Lets time pass, second by second, with or without a hub that answers. */
  wait(ms: number): this {
    for (const endMs = this.elapsedMs + ms; this.elapsedMs < endMs; ) {
      this.elapsedMs = Math.min(endMs, Math.max(this.elapsedMs + 1, this.agent.nextWakeMs()));
      this.agent.step([]);
      this.#acknowledge();
    }
    return this;
  }

  #acknowledge(): void {
    if (!this.acknowledges) return;
    for (const message of this.take()) {
      if (message.type === 'status') this.tell({ type: 'status-ack', seq: message.seq });
    }
  }

  /** A new life of the agent; containers that ran go on running. */
  restartAgent(): this {
    this.agent.reload();
    this.agent.step([{ kind: 'hub-connected' }]);
    return this.tell({ type: 'welcome', hub: 'h1', epoch: 1, collect: 'push' });
  }

  stateOf(id: string): string | undefined {
    const record = this.agent.core.containers.get(id);
    return record && (record.reason ?? record.state);
  }
}

export function container(id: string, over: Partial<DesiredContainer> = {}): DesiredContainer {
  return {
    id,
    attempt: 0,
    part: id.slice(0, id.lastIndexOf('.')),
    rank: 0,
    size: 1,
    lotId: 'm1',
    amounts: buyOrder().replica,
    devices: [],
    task: buyOrder().task,
    taskPrivate: null,
    release: null,
    durationMs: 10_000,
    startGraceMs: 60_000,
    stopAfterMs: 20_000,
    running: false,
    ...over,
  };
}
