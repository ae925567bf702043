/** `sparegrid completion`: a script for the shell that knows all commands and options. */
import { Argument, Command } from 'commander';
import { print } from '../output/print.ts';

type Shell = 'bash' | 'zsh' | 'fish';

export function completionCommand(buildAll: () => Promise<Command>): Command {
  return new Command('completion')
    .addArgument(new Argument('<shell>').choices(['bash', 'zsh', 'fish']))
    .description('print completion for a shell')
    .addHelpText(
      'after',
      `
Examples:
  source <(sparegrid completion bash)
  source <(sparegrid completion zsh)
  sparegrid completion fish > ~/.config/fish/completions/sparegrid.fish`,
    )
    .action(async (shell: Shell) => print(SCRIPTS[shell](wordsOf(await buildAll()))));
}

/** What may follow, by the path of commands, which is empty for the program itself. */
interface Words {
  /** Commands below it, options, and arguments with a known choice. */
  next: Map<string, string[]>;
  /** By the path and an option that takes a value: the choices, none where it may be anything. */
  values: Map<string, readonly string[]>;
}

function wordsOf(
  command: Command,
  path = '',
  words: Words = { next: new Map(), values: new Map() },
): Words {
  const options = command.options.map(({ long }) => long ?? '').filter((long) => long !== '');
  const choices = command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []);
  const inner = command.commands.map((one) => one.name());
  words.next.set(path, [...inner, ...choices, ...options, '--help']);
  for (const { short, long, required, argChoices } of command.options) {
    if (!required) continue;
    for (const name of [short, long]) {
      if (name) words.values.set(`${path} ${name}`.trim(), argChoices ?? []);
    }
  }
  for (const one of command.commands) wordsOf(one, `${path} ${one.name()}`.trim(), words);
  return words;
}

function casesOf(words: ReadonlyMap<string, readonly string[]>): string {
  return [...words].map(([at, list]) => `    "${at}") echo "${list.join(' ')}" ;;`).join('\n');
}

/** For bash and zsh: what may come after the words that were typed; nothing where it may be a file. */
const POSIX = ({ next, values }: Words) => `_sparegrid_next() {
  case "$1" in
${casesOf(next)}
    *) return 1 ;;
  esac
}
_sparegrid_values() {
  case "$1" in
${casesOf(values)}
    *) return 1 ;;
  esac
}
_sparegrid_words() {
  local at="" option="" word
  for word in "$@"; do
    if [ -n "$option" ]; then
      option=""
    elif [ "\${word#-}" != "$word" ]; then
      _sparegrid_values "\${at:+$at }$word" > /dev/null && option="$word"
    elif _sparegrid_next "\${at:+$at }$word" > /dev/null; then
      at="\${at:+$at }$word"
    fi
  done
  if [ -n "$option" ]; then
    _sparegrid_values "\${at:+$at }$option"
  else
    _sparegrid_next "$at"
  fi
}
`;

const SCRIPTS: Record<Shell, (words: Words) => string> = {
  bash: (words) => `${POSIX(words)}_sparegrid() {
  local list
  list="$(_sparegrid_words "\${COMP_WORDS[@]:1:COMP_CWORD-1}")"
  COMPREPLY=($(compgen -W "$list" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _sparegrid sparegrid`,
  zsh: (words) => `${POSIX(words)}_sparegrid() {
  compadd -- \${=$(_sparegrid_words "\${(@)words[2,CURRENT-1]}")} || _files
}
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
compdef _sparegrid sparegrid`,
  fish: ({ next, values }) => `function __sparegrid_next
  switch "$argv"
${fishCasesOf(next)}
    case '*'
      return 1
  end
end
function __sparegrid_values
  switch "$argv"
${fishCasesOf(values)}
    case '*'
      return 1
  end
end
function __sparegrid_words
  set -l at
  set -l option
  for word in (commandline -opc)[2..-1]
    if set -q option[1]
      set -e option
    else if string match -q -- '-*' $word
      __sparegrid_values $at $word > /dev/null; and set option $word
    else if __sparegrid_next $at $word > /dev/null
      set -a at $word
    end
  end
  if set -q option[1]
    __sparegrid_values $at $option
  else
    __sparegrid_next $at
  end
end
complete -c sparegrid -f -a '(__sparegrid_words)'
complete -c sparegrid -n 'test -z (__sparegrid_words | string collect)' -F`,
};

function fishCasesOf(words: ReadonlyMap<string, readonly string[]>): string {
  return [...words]
    .map(([at, list]) => `    case "${at}"\n      printf '%s\\n' ${list.join(' ')}`)
    .join('\n');
}
