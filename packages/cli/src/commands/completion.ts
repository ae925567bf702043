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
    .action(async (shell: Shell) => print(SCRIPTS[shell](wordsBy(await buildAll()))));
}

/** What may follow each path of commands; the empty path is the program itself. */
function wordsBy(command: Command, path = ''): Map<string, string[]> {
  const words = new Map<string, string[]>();
  const options = command.options.map(({ long }) => long ?? '').filter((long) => long !== '');
  words.set(path, [...command.commands.map((inner) => inner.name()), ...options, '--help']);
  for (const inner of command.commands) {
    const below = wordsBy(inner, path === '' ? inner.name() : `${path} ${inner.name()}`);
    for (const [at, found] of below) words.set(at, found);
  }
  return words;
}

/** The path is made of the first two words that are no options. */
const BODY = (words: Map<string, string[]>) =>
  [...words].map(([path, list]) => `    "${path}") words="${list.join(' ')}" ;;`).join('\n');

const BASH = (words: Map<string, string[]>) => `_sparegrid() {
  local words path="" word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    [[ "$word" == -* ]] && continue
    path="\${path:+$path }$word"
  done
  case "$path" in
${BODY(words)}
    *) return ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _sparegrid sparegrid`;

const SCRIPTS: Record<Shell, (words: Map<string, string[]>) => string> = {
  bash: BASH,
  zsh: (words) =>
    `autoload -Uz compinit && compinit\nautoload -Uz bashcompinit && bashcompinit\n${BASH(words)}`,
  fish: (words) => `function __sparegrid_path
  set -l found
  for word in (commandline -opc)[2..-1]
    string match -q -- '-*' $word; or set found $found $word
  end
  echo "$found"
end
complete -c sparegrid -f
${[...words]
  .flatMap(([path, list]) =>
    list.map((word) => {
      const at = `-n 'test (__sparegrid_path) = "${path}"'`;
      return word.startsWith('--')
        ? `complete -c sparegrid ${at} -l ${word.slice(2)}`
        : `complete -c sparegrid ${at} -a ${word}`;
    }),
  )
  .join('\n')}`,
};
