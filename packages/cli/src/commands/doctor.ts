/** `sparegrid doctor`: what this machine has and lacks. */
import { Command } from 'commander';
import { asking, type HubOptions } from './options.ts';

export function doctorCommand(): Command {
  const doctor = new Command('doctor').description('what this machine has and lacks');
  return asking(doctor, '  sparegrid doctor\n  sparegrid doctor -o json').action(
    async (options: HubOptions) => (await import('./doctor-action.ts')).examine(options),
  );
}
