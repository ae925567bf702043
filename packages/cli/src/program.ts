/** The whole command line as one tree of commands, of which only what is asked for is loaded. */
import { readFileSync } from 'node:fs';
import { Command, type CommanderError } from 'commander';
import { exitCodesText } from './exit-codes.ts';
import { asTyped } from './output/as-typed.ts';
import { usageErrorOf } from './usage-error.ts';

const EXAMPLE = `
Examples:
  sparegrid devnet up                     # a network of your own, in one terminal
  sparegrid run sparegrid/demo -- node -e 'console.log(1)'      # in another one
  sparegrid order submit -f order.yaml --wait
`;

interface Entry {
  description: string;
  load(): Promise<Command>;
}

/** In the order of the help. */
const COMMANDS: Readonly<Record<string, Entry>> = {
  run: {
    description: 'run an image on idle machines, as docker run does here',
    load: async () => (await import('./commands/run.ts')).runCommand(),
  },
  order: {
    description: 'buy orders: submit, plan, ls, get, explain, cancel, logs',
    load: async () => (await import('./commands/order.ts')).orderCommand(),
  },
  lease: {
    description: 'leases: ls, get, logs, stop',
    load: async () => (await import('./commands/lease.ts')).leaseCommand(),
  },
  result: {
    description: 'what containers left behind: ls, cat, get, rm',
    load: async () => (await import('./commands/result.ts')).resultCommand(),
  },
  offer: {
    description: 'sell orders of the whole network',
    load: async () => (await import('./commands/offer.ts')).offerCommand(),
  },
  resource: {
    description: 'registered resources of the whole network',
    load: async () => (await import('./commands/resource.ts')).resourceCommand(),
  },
  context: {
    description: 'which hub to talk to, and as whom',
    load: async () => (await import('./commands/context.ts')).contextCommand(),
  },
  devnet: {
    description: 'a whole network on this machine: up, down, status',
    load: async () => (await import('./commands/devnet.ts')).devnetCommand(),
  },
  demo: {
    description: 'one order over two lessors on a devnet of its own, then end',
    load: async () => (await import('./commands/demo.ts')).demoCommand(),
  },
  hub: {
    description: 'a hub: run one, or look at yours',
    load: async () => (await import('./commands/hub.ts')).hubCommand(),
  },
  agent: {
    description: 'lend what is idle on this machine',
    load: async () => (await import('./commands/daemon.ts')).agentCommand(),
  },
  'join-token': {
    description: 'let a participant into a hub',
    load: async () => (await import('./commands/network.ts')).joinTokenCommand(),
  },
  participant: {
    description: 'who belongs to a hub: ls, expel',
    load: async () => (await import('./commands/network.ts')).participantCommand(),
  },
  org: {
    description: 'an organisation of the network: its key, and those of its own',
    load: async () => (await import('./commands/network.ts')).orgCommand(),
  },
  ca: {
    description: 'found a network; vouch for hubs and organisations',
    load: async () => (await import('./commands/network.ts')).caCommand(),
  },
  doctor: {
    description: 'what this machine has and lacks',
    load: async () => (await import('./commands/doctor.ts')).doctorCommand(),
  },
  match: {
    description: 'solve matching problems of files; see docs/match-formats.md',
    load: async () => (await import('./commands/match.ts')).matchCommand(),
  },
  replay: {
    description: 'play public traces through hubs; see docs/replay.md',
    load: async () => (await import('./commands/replay.ts')).replayCommand(),
  },
  completion: {
    description: 'completion for bash, zsh or fish',
    load: async () => (await import('./commands/completion.ts')).completionCommand(buildAll),
  },
};

/** The tree with the command that `args` name, and the others by name only. */
export async function buildProgram(args: readonly string[]): Promise<Command> {
  const [first, second] = args.filter((arg) => !arg.startsWith('-'));
  return build((name) => name === (first === 'help' ? second : first));
}

/** With every command in full. */
export function buildAll(): Promise<Command> {
  return build(() => true);
}

async function build(isWanted: (name: string) => boolean): Promise<Command> {
  const program = new Command('sparegrid')
    .description('A federated market for idle computing power.')
    .version(version(), '-V, --version', 'print the version')
    .enablePositionalOptions();
  for (const [name, { description, load }] of Object.entries(COMMANDS)) {
    const command = isWanted(name) ? await load() : new Command(name).description(description);
    program.addCommand(command.description(description));
  }
  program.addHelpText('after', `${EXAMPLE}\n${exitCodesText()}`).showHelpAfterError(false);
  throwInstead(program);
  return program;
}

function version(): string {
  const file = new URL('../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

/** Usage errors become exceptions: `main` alone prints and exits. */
function throwInstead(command: Command): void {
  const fail = (error: CommanderError): never => {
    throw error.exitCode === 0 ? error : usageErrorOf(command, error, namedSoElsewhere);
  };
  command.exitOverride(fail).configureOutput({
    writeErr: () => {},
    writeOut: (text) => process.stdout.write(asTyped(text)),
  });
  for (const inner of command.commands) throwInstead(inner);
}

/** `logs` alone: `order logs` and others, by the lists in the descriptions of the groups. */
function namedSoElsewhere(given: string): string[] {
  const groups = Object.entries(COMMANDS).filter(([, { description }]) =>
    (description.split(': ')[1] ?? '').split(', ').includes(given),
  );
  return groups.map(([name]) => `sparegrid ${name} ${given}`);
}
