/** The whole command line as one tree of commands. */
import { Command } from 'commander';
import { demoCommand } from './commands/demo.ts';
import { devnetCommand } from './commands/devnet.ts';
import { matchCommand } from './commands/match.ts';
import { orderCommand } from './commands/order.ts';
import { hubCommand, offerCommand, resourceCommand } from './commands/panorama.ts';
import { replayCommand } from './commands/replay.ts';
import { exitCodesText } from './exit-codes.ts';

const EXAMPLE = `
Example:
  sparegrid devnet up --demo          # in one terminal
  sparegrid offer ls                  # in another one
  sparegrid order submit -f order.yaml --wait
`;

export function buildProgram(): Command {
  const program = new Command('sparegrid').description(
    'A federated market for idle computing power.',
  );
  const commands = [
    devnetCommand(),
    demoCommand(),
    orderCommand(),
    offerCommand(),
    resourceCommand(),
    hubCommand(),
    replayCommand(),
    matchCommand(),
  ];
  for (const command of commands) program.addCommand(command);
  program.addHelpText('after', `${EXAMPLE}\n${exitCodesText()}`).showHelpAfterError(false);
  throwInstead(program);
  return program;
}

/** Usage errors become exceptions: `main` alone prints and exits. */
function throwInstead(command: Command): void {
  command.exitOverride().configureOutput({ writeErr: () => {} });
  for (const inner of command.commands) throwInstead(inner);
}
