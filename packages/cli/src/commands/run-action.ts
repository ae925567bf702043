/** What `sparegrid run` does: quote, order, follow. */
import type { KeptChunk, OrderView } from '@sparegrid/core/messages';
import type { OrderId } from '@sparegrid/core/units/ids';
import { formatCredits } from '@sparegrid/core/units/money';
import type { Client } from '@sparegrid/sdk/client';
import { formatDuration } from '@sparegrid/sdk/duration';
import type { Quote, Run, RunForm } from '@sparegrid/sdk/run';
import { withClient } from '../contexts.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { CliFault } from '../fault.ts';
import { checkForm } from '../order-file/check-form.ts';
import { emit } from '../output/emit.ts';
import { showLogs } from '../output/log-text.ts';
import { planText } from '../output/order-text.ts';
import { say } from '../output/print.ts';
import type { RunOptions } from './options.ts';
import { refuseWithoutAnchor, releaseKeys } from './release-action.ts';

export async function run(image: string, command: string[], options: RunOptions): Promise<void> {
  const form = formOf(image, command, options);
  checkForm(form);
  refuseWithoutAnchor(options);
  await withClient(options, async (client) => {
    const quoted = await client.quote(form);
    if (quoted.plan.code !== null && options.maxPrice === undefined) return tellWhyNot(quoted);
    tellCost(quoted);
    const started = await client.start(quoted);
    if (options.detach) {
      const { order } = started;
      await releaseKeys(client, [order]);
      return emit(options.output, { order }, { table: () => order, names: () => [order] });
    }
    await follow(client, started, quoted.draft.count.max === 1);
  });
}

/** The order that was typed. */
function formOf(image: string, command: string[], options: RunOptions): RunForm {
  const { cpu, memory, storage, gpu, replicas, maxPrice, budget, duration } = options;
  return {
    kind: options.service ? 'service' : 'job',
    image,
    command: command[0] === '--' ? command.slice(1) : command,
    env: Object.fromEntries(options.env.map(variable)),
    replicas: options.partial ? { min: 1, max: replicas } : replicas,
    cpu,
    memory,
    duration,
    fill: options.partial ? 'partial' : 'atomic',
    ...(options.egress && { egress: true }),
    ...(options.restarts !== undefined && { restarts: options.restarts }),
    ...(storage !== undefined && { storage }),
    ...(gpu !== undefined && { device: deviceOf(gpu) }),
    ...(maxPrice !== undefined && { limitPerHour: maxPrice }),
    ...(budget !== undefined && { budget }),
  };
}

function variable(text: string): [string, string] {
  const at = text.indexOf('=');
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
  const own = at < 0 ? process.env[text] : undefined;
  if (own !== undefined) return [text, own];
  throw new CliFault('CLI_USAGE', `-e ${text}: expected K=V, or the name of a variable of yours.`);
}

function deviceOf(text: string): NonNullable<RunForm['device']> {
  const at = text.lastIndexOf(':');
  const model = at < 0 ? text : text.slice(0, at);
  const amount = at < 0 ? '1' : text.slice(at + 1);
  const models = model === '' || model === 'any' ? [] : [model];
  return amount.endsWith('m') ? { models, share: amount } : { models, count: amount };
}

function tellWhyNot(quoted: Quote): void {
  say(planText(quoted));
  say('\nNothing was ordered. To wait until somebody suits, say what you pay: --max-price.');
  process.exitCode = EXIT_CODES.failed;
}

function tellCost({ plan, draft }: Quote): void {
  const { durationMs, budgetMicro } = draft;
  const most = `at most ${formatCredits(budgetMicro)} in all (${formatDuration(durationMs)})`;
  if (plan.code !== null)
    return say(`Nobody suits now (${plan.code}: ${plan.hint}); ${most}. Waiting ...`);
  const where = plan.parts.map(({ lessor, replicas }) => `${lessor} x${replicas}`).join(', ');
  const network = draft.task.public.egress ? '' : '; without network (--egress asks for it)';
  say(
    `Cost: ${formatCredits(plan.priceMicroPerHour)} credits per hour, ${most}; on ${where}${network}`,
  );
}

/** Until the order ended, or the user leaves it alone. */
async function follow(client: Client, run: Run, isAlone: boolean): Promise<void> {
  const { order, logs } = run;
  const leave = new AbortController();
  const failed = new AbortController();
  const onSignal = () => leave.abort();
  process.once('SIGINT', onSignal);
  say(`Order ${order}`);
  try {
    const end = watch(client, order, leave.signal);
    end.catch((error: unknown) => failed.abort(error));
    const signal = AbortSignal.any([leave.signal, failed.signal]);
    // The watch releases the key.
    const output = logs({ signal, release: false });
    if (isAlone) for await (const chunk of output) write(chunk);
    else await showLogs(output, { format: 'table' });
    const { state, costMicro, lastCode, lastHint } = await end;
    const why = lastCode === null ? '' : ` (${lastCode}${lastHint === '' ? '' : `: ${lastHint}`})`;
    say(`Order ${state}${why}; cost ${formatCredits(costMicro)} credits`);
    if (state !== 'completed') process.exitCode = EXIT_CODES.failed;
  } catch (error) {
    if (!leave.signal.aborted) throw error;
    say(`
Left. The order goes on. To see its output: sparegrid order logs -f ${order}
                         To stop it:        sparegrid order cancel ${order}`);
  } finally {
    process.off('SIGINT', onSignal);
  }
}

/** The order in its final state; whatever does not go by itself is told as it happens. */
async function watch(client: Client, order: OrderId, signal: AbortSignal): Promise<OrderView> {
  let last: OrderView | undefined;
  for await (const view of client.watch(order, { signal })) {
    const told = last?.events.length ?? 0;
    for (const { name, detail } of view.events.slice(told)) {
      if (name === 'unmatched' || name === 'lost-race') say(`${name}: ${detail}`);
      if (name === 'unconfirmed') say(`Unconfirmed: ${detail}`);
      if (name === 'void') say(`Not started: ${detail}`);
    }
    last = view;
  }
  return last as OrderView;
}

/** As the program wrote it. */
function write(chunk: KeptChunk): void {
  if (chunk.stream === 'stderr') process.stderr.write(chunk.text);
  else process.stdout.write(chunk.text);
}
