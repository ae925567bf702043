/** What was typed wrong: which command was probably meant, and whose help says more. */
import type { Command, CommanderError } from 'commander';

export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly hint: string;

  constructor(text: string, hint: string, cause: unknown) {
    super(text, { cause });
    this.hint = hint;
  }
}

/** @param elsewhere  commands that are called so in other groups */
export function usageErrorOf(
  command: Command,
  error: CommanderError,
  elsewhere: (name: string) => readonly string[],
): UsageError {
  const path = pathOf(command);
  const help = `See ${path} --help.`;
  if (error.code === 'commander.help') {
    return new UsageError('A command is missing.', `${known(command)}${help}`, error);
  }
  const [text = '', suggestion = ''] = error.message.replace(/^error: /, '').split('\n');
  const meant = /Did you mean (?:one of )?(.*)\?/.exec(suggestion)?.[1]?.split(', ') ?? [];
  if (error.code !== 'commander.unknownCommand') {
    return new UsageError(text, `${asked(meant)}${help}`, error);
  }
  const [, given = ''] = /'(.*)'/.exec(text) ?? [];
  const near = [...meant.map((name) => `${path} ${name}`), ...elsewhere(given)];
  const hint = near.length === 0 && command.parent ? known(command) : asked(near);
  return new UsageError(text, `${hint}${help}`, error);
}

function known(command: Command): string {
  return `${pathOf(command)} has: ${command.commands.map((one) => one.name()).join(', ')}. `;
}

function asked(meant: readonly string[]): string {
  return meant.length === 0 ? '' : `Did you mean ${meant.join(', or ')}? `;
}

function pathOf(command: Command): string {
  return command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name();
}
