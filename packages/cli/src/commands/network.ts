/** `sparegrid ca`, `org`, `join-token`, `participant`: who belongs to a network, and who vouches for it. */
import type { Organization } from '@sparegrid/core/order/resource-spec';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { TokenOptions } from '../network/hub-control.ts';
import type { Format } from '../output/print.ts';
import { outputOption } from './options.ts';

interface SignOptions {
  out: string;
  days: number;
  replaceKey?: true;
}

const operator = () => import('../network/operator.ts');
const organization = () => import('../network/organization.ts');
const control = () => import('../network/hub-control.ts');

const KINDS = ['government', 'sector', 'company', 'institution'] as const;

const outOption = (): Option =>
  new Option('--out <file>', 'where the answer is written').makeOptionMandatory();

export const hubOption = (): Option =>
  new Option('--hub <dir>', 'directory of the hub (hub init), or its configuration file').default(
    '.',
  );

const daysOption = (days: number): Option =>
  new Option('--days <n>', 'how long it is valid').default(days).argParser((text) => {
    const value = Number(text);
    if (Number.isInteger(value) && value > 0 && value <= 3_650) return value;
    throw new InvalidArgumentError('expected days, from 1 to 3650');
  });

export function caCommand(): Command {
  const init = new Command('init')
    .argument('<dir>', 'a new directory: whoever has it decides who is in the network')
    .description('found a network: the operator’s signing key and the authority of its hubs')
    .requiredOption('--network <name>', 'name of the network')
    .addHelpText('after', '\nExample:\n  sparegrid ca init operator --network net1')
    .action(async (dir: string, { network }: { network: string }) =>
      (await operator()).initOperator(dir, network),
    );
  const signHub = new Command('sign-hub')
    .argument('<dir>', 'of ca init')
    .argument('<request>', 'hub.request.json, as its operator sent it')
    .description('vouch for a hub: its certificate, and its place in hubs.json')
    .addOption(outOption())
    .addOption(daysOption(90))
    .option('--replace-key', 'the hub has another signing key than before')
    .addHelpText(
      'after',
      '\nExample:\n  sparegrid ca sign-hub operator h1/hub.request.json --out h1.grant.json',
    )
    .action(async (dir: string, request: string, options: SignOptions) =>
      (await operator()).signHub(dir, request, options),
    );
  const removeHub = new Command('remove-hub')
    .argument('<dir>', 'of ca init')
    .argument('<hub>', 'its id')
    .description('sign a list without that hub; hand hubs.json to every hub (hub set-hubs)')
    .addHelpText('after', '\nExample:\n  sparegrid ca remove-hub operator h3')
    .action(async (dir: string, hub: string) => (await operator()).removeHub(dir, hub));
  const signOrg = new Command('sign-org')
    .argument('<dir>', 'of ca init')
    .argument('<request>', 'organization.request.json, as the organisation sent it')
    .description('vouch for an organisation and its key')
    .addOption(outOption())
    .addOption(daysOption(365))
    .addHelpText(
      'after',
      '\nExample:\n  sparegrid ca sign-org operator acme/organization.request.json --out acme.grant.json',
    )
    .action(async (dir: string, request: string, options: SignOptions) =>
      (await operator()).signOrganizationRequest(dir, request, options),
    );
  const ca = new Command('ca').description('found a network, vouch for hubs and organisations');
  for (const one of [init, signHub, removeHub, signOrg]) ca.addCommand(one);
  return ca.addHelpText('after', '\nExample:\n  sparegrid ca init operator --network net1');
}

export function orgCommand(): Command {
  const init = new Command('init')
    .argument('<dir>', 'a new directory: whoever has it speaks for the organisation')
    .description('make the organisation’s key, and a request for the operator')
    .requiredOption('--id <id>', 'such as an LEI or a credit code')
    .requiredOption('--name <name>', 'for people')
    .addOption(new Option('--kind <kind>', 'what it is').choices(KINDS).makeOptionMandatory())
    .addHelpText(
      'after',
      '\nExample:\n  sparegrid org init acme --id acme --name "Acme Ltd" --kind company',
    )
    .action(async (dir: string, options: Organization) =>
      (await organization()).initOrganization(dir, options),
    );
  const accept = new Command('accept')
    .argument('<dir>', 'of org init')
    .argument('<grant>', 'what the operator signed')
    .description('take the operator’s word')
    .addHelpText('after', '\nExample:\n  sparegrid org accept acme acme.grant.json')
    .action(async (dir: string, grant: string) =>
      (await organization()).acceptOrganization(dir, grant),
    );
  const sign = new Command('sign-keys')
    .argument('<dir>', 'of org init')
    .argument('<request>', 'keys.request.json of an agent or a user')
    .description('vouch for the keys of one of your own')
    .addOption(outOption())
    .addOption(daysOption(90))
    .addHelpText(
      'after',
      '\nExample:\n  sparegrid org sign-keys acme a1/keys.request.json --out a1.keys.json',
    )
    .action(async (dir: string, request: string, options: SignOptions) =>
      (await organization()).signKeysRequest(dir, request, options),
    );
  const org = new Command('org').description('an organisation: be vouched for, vouch for your own');
  for (const one of [init, accept, sign]) org.addCommand(one);
  return org.addHelpText('after', '\nExample:\n  sparegrid org accept acme acme.grant.json');
}

export function joinTokenCommand(): Command {
  const create = new Command('create')
    .description('let one participant of an organisation in; printed once, kept as a digest')
    .addOption(hubOption())
    .requiredOption('--organization <id>', 'whose keys may join with it')
    .addOption(new Option('--kind <kind>', 'what it is').choices(KINDS).makeOptionMandatory())
    .addOption(
      new Option('--role <role>', 'lends (and may rent), or only rents')
        .choices(['lessor', 'lessee'])
        .default('lessor'),
    )
    .option('--participant <id>', 'only under this name; else any free one of the subnet')
    .option('--ttl <duration>', 'until when it may be used', '1h')
    .addHelpText(
      'after',
      '\nExample:\n  sparegrid join-token create --hub h1 --organization acme --kind company --ttl 1h',
    )
    .action(async (options: TokenOptions) => (await control()).createToken(options));
  return new Command('join-token')
    .description('tokens for participants that shall join a hub')
    .addCommand(create)
    .addHelpText(
      'after',
      '\nExample:\n  sparegrid join-token create --hub h1 --organization acme --kind company',
    );
}

export function participantCommand(): Command {
  const list = new Command('ls')
    .description('who belongs to the hub’s subnet, or did')
    .addOption(hubOption())
    .addOption(outputOption())
    .addHelpText('after', '\nExample:\n  sparegrid participant ls --hub h1')
    .action(async ({ hub, output }: { hub: string; output: Format }) =>
      (await control()).listParticipants(hub, output),
    );
  const expel = new Command('expel')
    .argument('<participant>', 'its id')
    .description('put it out at once and for good: neither name nor keys are admitted again')
    .addOption(hubOption())
    .addHelpText('after', '\nExample:\n  sparegrid participant expel a1.h1 --hub h1')
    .action(async (participant: string, { hub }: { hub: string }) =>
      (await control()).expel(hub, participant),
    );
  const participant = new Command('participant').description('participants of a hub: ls, expel');
  for (const one of [list, expel]) participant.addCommand(one);
  return participant.addHelpText('after', '\nExample:\n  sparegrid participant ls --hub h1');
}
