/** Entry of the `sparegrid` command: declares the commands and runs the one that was asked for. */
import { Command } from 'commander';
import { addDemoCommand } from './commands/demo.ts';
import { addDevnetCommand } from './commands/devnet.ts';

const program = new Command('sparegrid')
  .description('A federated market for idle computing power.')
  .helpCommand(true)
  .action(() => program.outputHelp());

addDevnetCommand(program);
addDemoCommand(program);

await program.parseAsync();
