/** The parts of `sparegrid hub` and `sparegrid agent` that make them members of a network. */
import { Command, InvalidArgumentError, Option } from 'commander';
import type { HubPlace } from '../network/hub-files.ts';
import type { JoinOptions } from '../network/participant.ts';
import { hubOption } from './network.ts';

const hubFiles = () => import('../network/hub-files.ts');
const control = () => import('../network/hub-control.ts');
const participant = () => import('../network/participant.ts');

function port(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0 && value <= 65_535) return value;
  throw new InvalidArgumentError('expected a port, from 1 to 65535');
}

/** What `sparegrid hub` has besides running one and looking at it. */
export function hubMemberCommands(): Command[] {
  const init = new Command('init')
    .argument('<dir>', 'a new directory for the hub')
    .description('make a hub’s keys, its own authority and configuration, and a request')
    .requiredOption('--id <id>', 'such as h1')
    .requiredOption('--host <host>', 'under which others reach this machine')
    .option('--listen <address>', 'on which it listens', '0.0.0.0')
    .addOption(new Option('--mesh-port <port>', 'for the other hubs').argParser(port).default(4601))
    .addOption(new Option('--local-port <port>', 'for participants').argParser(port).default(4602))
    .addOption(new Option('--admission-port <port>', 'for newcomers').argParser(port).default(4603))
    .addOption(new Option('--http-port <port>', 'for people, on loopback').argParser(port))
    .addHelpText('after', '\nExample:\n  sparegrid hub init h1 --id h1 --host hub1.example.org')
    .action(async (dir: string, options: HubPlace) => (await hubFiles()).initHub(dir, options));
  const request = new Command('request')
    .argument('<dir>', 'of hub init')
    .description('make a new key for the mesh and a request: its certificate is due')
    .addHelpText('after', '\nExample:\n  sparegrid hub request h1')
    .action(async (dir: string) => (await hubFiles()).requestHub(dir));
  const newKey = new Command('new-key')
    .argument('<dir>', 'of hub init')
    .description('make a new signing key beside the present one, and a request for the operator')
    .addHelpText('after', '\nExample:\n  sparegrid hub new-key h1')
    .action(async (dir: string) => (await hubFiles()).requestNewKey(dir));
  const accept = new Command('accept')
    .argument('<dir>', 'of hub init')
    .argument('<grant>', 'what the network’s operator signed')
    .description('take certificate and network from the operator; then start the hub, or reload it')
    .option('--hubs <file>', 'hubs.json of the operator')
    .addHelpText('after', '\nExample:\n  sparegrid hub accept h1 h1.grant.json --hubs hubs.json')
    .action(async (dir: string, grant: string, { hubs }: { hubs?: string }) =>
      (await hubFiles()).acceptHub(dir, grant, hubs),
    );
  const setHubs = new Command('set-hubs')
    .argument('<file>', 'hubs.json of the operator')
    .description('hand a newer list of hubs to the running hub')
    .addOption(hubOption())
    .addHelpText('after', '\nExample:\n  sparegrid hub set-hubs hubs.json --hub h1')
    .action(async (file: string, { hub }: { hub: string }) => (await control()).setHubs(hub, file));
  const reload = new Command('reload')
    .description('let the running hub read renewed certificates')
    .addOption(hubOption())
    .addHelpText('after', '\nExample:\n  sparegrid hub reload --hub h1')
    .action(async ({ hub }: { hub: string }) => (await control()).reload(hub));
  return [init, request, newKey, accept, setHubs, reload];
}

/** What `sparegrid agent` has besides running one and talking to it. */
export function agentMemberCommands(): Command[] {
  const init = new Command('init')
    .argument('<dir>', 'a new directory for the participant')
    .description('make a participant’s keys, and a request for its organisation')
    .requiredOption('--id <id>', 'name and hub, such as a1.h1')
    .addOption(
      new Option('--use <use>', 'lends (agent), or only rents (user)')
        .choices(['agent', 'user'])
        .default('agent'),
    )
    .addHelpText('after', '\nExample:\n  sparegrid agent init a1 --id a1.h1')
    .action(async (dir: string, { id, use }: { id: string; use: 'agent' | 'user' }) =>
      (await participant()).initParticipant(dir, id, use),
    );
  const join = new Command('join')
    .argument('<token>', 'from the hub’s operator')
    .argument('<dir>', 'of agent init')
    .description('be admitted by the hub of the token: its certificate, and a configuration')
    .requiredOption('--keys <file>', 'what the organisation signed')
    .addOption(
      new Option('--runtime <kind>', 'what runs containers')
        .choices(['docker', 'podman', 'process'])
        .default('docker'),
    )
    .option('--offer-cpu <quantity>', 'offered at most', '1')
    .option('--offer-memory <quantity>', 'offered at most', '1Gi')
    .addOption(
      new Option('--follow <what>', 'offer what the machine’s own work leaves idle, or all of it')
        .choices(['load', 'fixed'])
        .default('load'),
    )
    .option('--cpu-price <credits>', 'asked per core and hour', '0.10')
    .option('--memory-price <credits>', 'asked per GiB and hour', '0.01')
    .option('--context <name>', 'of a user: the context that is made (default: its id)')
    .option('--url <url>', 'of a user: where it reaches the hub’s HTTP door')
    .addHelpText('after', '\nExample:\n  sparegrid agent join sgj1_... a1 --keys a1.keys.json')
    .action(async (token: string, dir: string, options: JoinOptions) =>
      (await participant()).joinHub(token, dir, options),
    );
  const newKeys = new Command('new-keys')
    .argument('<dir>', 'of agent init')
    .description('make new keys beside the present ones, and a request for the organisation')
    .addHelpText('after', '\nExample:\n  sparegrid agent new-keys a1')
    .action(async (dir: string) => (await participant()).requestNewKeys(dir));
  const renew = new Command('renew')
    .argument('<dir>', 'of agent init')
    .description('renew the certificate, or with --keys the keys; agents renew certificates alone')
    .option('--keys <file>', 'what the organisation signed')
    .addHelpText(
      'after',
      '\nExamples:\n  sparegrid agent renew a1\n  sparegrid agent renew a1 --keys a1.keys.json',
    )
    .action(async (dir: string, options: { keys?: string }) =>
      (await participant()).renew(dir, options),
    );
  return [init, join, newKeys, renew];
}
