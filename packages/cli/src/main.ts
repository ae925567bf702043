/** Entry of the `sparegrid` command: runs it, tells failures, and sets the exit code. */
import { buildProgram } from './program.ts';

// A reader that has seen enough (`| head`) is no failure.
process.stdout.on('error', () => process.exit());

try {
  const program = await buildProgram(process.argv.slice(2));
  await program.parseAsync();
} catch (error) {
  const { failureOf, failureText } = await import('./failure.ts');
  const failure = failureOf(error);
  if (failure) {
    process.stderr.write(failureText(failure));
    process.exitCode = failure.exitCode;
  }
}
