/** Entry of the `sparegrid` command: runs it, tells failures, and sets the exit code. */
import { failureOf, failureText } from './failure.ts';
import { buildProgram } from './program.ts';

// A reader that has seen enough (`| head`) is no failure.
process.stdout.on('error', () => process.exit());

try {
  await buildProgram().parseAsync();
} catch (error) {
  const failure = failureOf(error);
  if (failure) {
    process.stderr.write(failureText(failure));
    process.exitCode = failure.exitCode;
  }
}
