/** What a runtime under test reported; acknowledges chunks as a hub would. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LogChunk } from '@sparegrid/core/messages';
import type { RuntimeEvent } from './runtime.ts';

type Exited = Extract<RuntimeEvent, { kind: 'container-exited' }>;
type Logged = Extract<RuntimeEvent, { kind: 'log' }>;

export class Reports {
  readonly events: RuntimeEvent[] = [];
  /** Told of each chunk by its number, as a hub acknowledges it. */
  acknowledge: (id: string, seq: number) => void = () => {};
  readonly #lastSeq = new Map<string, number>();
  #changed = Promise.withResolvers<void>();

  readonly take = async (event: RuntimeEvent): Promise<void> => {
    this.events.push(event);
    if (event.kind === 'log') this.#acknowledge(event.container);
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  };

  /** Chunks of an earlier life of the agent have arrived. */
  continue(id: string, seq: number): void {
    this.#lastSeq.set(id, seq);
  }

  #acknowledge(id: string): void {
    const seq = (this.#lastSeq.get(id) ?? 0) + 1;
    this.#lastSeq.set(id, seq);
    setImmediate(() => this.acknowledge(id, seq));
  }

  async until(found: (event: RuntimeEvent) => boolean): Promise<RuntimeEvent> {
    for (;;) {
      const event = this.events.find(found);
      if (event) return event;
      await this.#changed.promise;
    }
  }

  async started(id: string): Promise<void> {
    await this.until((event) => event.kind === 'container-started' && event.id === id);
  }

  exits(id: string): Exited[] {
    return this.events.filter(
      (event): event is Exited => event.kind === 'container-exited' && event.id === id,
    );
  }

  async exit(id: string): Promise<Exited> {
    await this.until(() => this.exits(id).length > 0);
    return this.exits(id)[0] as Exited;
  }

  async closed(id: string): Promise<void> {
    await this.until((event) => event.kind === 'container-closed' && event.id === id);
  }

  async printed(id: string, text: string): Promise<void> {
    await this.until(() => this.text(id, 'stdout').includes(`${text}\n`));
  }

  chunks(id: string): Logged[] {
    return this.events.filter(
      (event): event is Logged => event.kind === 'log' && event.container === id,
    );
  }

  text(id: string, stream: LogChunk['stream']): string {
    return this.chunks(id)
      .filter((chunk) => chunk.stream === stream)
      .map(({ text }) => text)
      .join('');
  }

  /** `<attempt> <event>` of each line. */
  life(id: string): string[] {
    const lines = this.text(id, 'life').trim().split('\n');
    return lines.map((line) => {
      const { attempt, event } = JSON.parse(line) as { attempt: number; event: string };
      return `${attempt} ${event}`;
    });
  }

  /** Content of each file of the result, by its name in the archive. */
  async resultFiles(id: string): Promise<Record<string, string>> {
    const pieces = this.chunks(id).filter(({ stream }) => stream === 'result');
    const archive = Buffer.concat(pieces.map(({ text }) => Buffer.from(text, 'base64')));
    const folder = mkdtempSync(join(tmpdir(), 'sparegrid-result-'));
    try {
      execFileSync('tar', ['-x', '-C', folder], { input: archive });
      const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
      const files = entries.filter((entry) => entry.isFile());
      return Object.fromEntries(
        files.map(({ parentPath, name }) => {
          const path = join(parentPath, name);
          return [`.${path.slice(folder.length)}`, readFileSync(path, 'utf8')];
        }),
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
}
