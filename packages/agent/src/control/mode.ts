/** Whether the agent offers its machine; remembered over restarts. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';

/**
 * - `offering`: as configured.
 * - `paused`: nothing new is taken; what runs goes on to its end.
 * - `draining`: paused, and somebody waits for the last container to end.
 */
export type AgentMode = 'offering' | 'paused' | 'draining';

export class ModeFile {
  readonly #path: string;
  #mode: AgentMode;

  constructor(path: string) {
    this.#path = path;
    this.#mode = read(path);
  }

  get mode(): AgentMode {
    return this.#mode;
  }

  set(mode: AgentMode): void {
    const draft = `${this.#path}.tmp`;
    writeFileSync(draft, `${mode}\n`, { flush: true, mode: 0o600 });
    renameSync(draft, this.#path);
    this.#mode = mode;
  }
}

function read(path: string): AgentMode {
  try {
    const text = readFileSync(path, 'utf8').trim();
    return text === 'paused' || text === 'draining' ? text : 'offering';
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'offering';
    throw error;
  }
}
