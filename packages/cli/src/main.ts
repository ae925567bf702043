/** Entry of the `sparegrid` command: declares the commands and runs the one that was asked for. */
import { Command } from 'commander';

const program = new Command('sparegrid')
  .description('A federated market for idle computing power.')
  .helpCommand(true)
  .action(() => program.outputHelp());

await program.parseAsync();
