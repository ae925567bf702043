/** `sparegrid hub start` and `sparegrid agent start`: the daemons, in this process. */
import { Command } from 'commander';

export function startCommand(role: 'hub' | 'agent'): Command {
  return new Command('start')
    .description(`run the ${role} of a configuration file until it is told to end`)
    .requiredOption('--config <file>', 'JSON configuration')
    .addHelpText('after', `\nExample:\n  sparegrid ${role} start --config ${role}.json`)
    .action(async ({ config }: { config: string }) => {
      // Daemons read their own command line.
      process.argv.splice(2, process.argv.length, '--config', config);
      await (role === 'hub' ? import('@sparegrid/hub/main') : import('@sparegrid/agent/main'));
    });
}

export function agentCommand(): Command {
  return new Command('agent')
    .description('lend what is idle on this machine')
    .addCommand(startCommand('agent'))
    .addHelpText('after', '\nExample:\n  sparegrid agent start --config agent.json');
}
