/** `sparegrid hub start` and `sparegrid agent start`: the daemons, in this process. */
import type { AgentRole } from '@sparegrid/agent/config';
import { Command, Option } from 'commander';
import type { AgentOptions } from './agent-actions.ts';
import { agentMemberCommands } from './members.ts';
import { outputOption } from './options.ts';

export function startCommand(role: 'hub' | 'agent'): Command {
  const start = new Command('start')
    .description(`run the ${role} of a configuration file until it is told to end`)
    .requiredOption('--config <file>', 'JSON configuration')
    .addHelpText('after', `\nExample:\n  sparegrid ${role} start --config ${role}.json`)
    .action(async ({ config, role: as }: { config: string; role?: AgentRole }) => {
      // Daemons read their own command line.
      process.argv.splice(2, process.argv.length, '--config', config);
      if (role === 'hub') await import('@sparegrid/hub/main');
      else await (await import('@sparegrid/agent/run-agent')).runAgent(as);
    });
  if (role === 'hub') return start;
  const text =
    'lessee: offer nothing, release the keys of own tasks (default: as the configuration says)';
  return start
    .addOption(new Option('--role <role>', text).choices(['lessor', 'lessee']))
    .addHelpText('after', '  sparegrid agent start --config agent.json --role lessee');
}

const CONTROL = {
  status: 'what it offers and runs',
  pause: 'offer nothing more; what runs goes on',
  drain: 'offer nothing more, and wait until nothing runs',
  resume: 'offer again',
} as const;

export function agentCommand(): Command {
  const agent = new Command('agent')
    .description('lend what is idle on this machine')
    .addCommand(startCommand('agent'));
  for (const command of agentMemberCommands()) agent.addCommand(command);
  for (const [op, what] of Object.entries(CONTROL) as [keyof typeof CONTROL, string][]) {
    const command = new Command(op)
      .description(what)
      .requiredOption('--config <file>', 'JSON configuration of the agent, which runs here')
      .addOption(outputOption())
      .addHelpText('after', `\nExample:\n  sparegrid agent ${op} --config agent.json`)
      .action(async (options: AgentOptions) =>
        (await import('./agent-actions.ts')).control(op, options),
      );
    agent.addCommand(command);
  }
  return agent.addHelpText('after', '\nExample:\n  sparegrid agent start --config agent.json');
}
