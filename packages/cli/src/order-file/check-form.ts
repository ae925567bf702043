/** Checks what was typed as options of `run`; apart from order files, so that no YAML is loaded. */
import { orderForm } from '@sparegrid/sdk/order-form';
import type { RunForm } from '@sparegrid/sdk/run';
import { CliFault } from '../fault.ts';
import { foremost, innerOf } from './issues.ts';

/** What of a form was typed as options of `run`. */
const OPTION_OF: Readonly<Record<string, string>> = {
  image: 'IMAGE',
  command: 'CMD',
  env: '--env',
  device: '--gpu',
  limitPerHour: '--max-price',
};
/** What `run` fills in itself when it is not typed. */
const FILLED_IN = { limitPerHour: '0', budget: '0' };

/** Checks the options of `run` as an order file is checked. @throws CliFault CLI_FIELD_* */
export function checkForm(form: RunForm): void {
  const read = orderForm.safeParse({ ...FILLED_IN, ...form });
  if (read.success) return;
  const issue = foremost(read.error.issues);
  const inner = (issue.code === 'invalid_union' && innerOf(issue)) || issue;
  const name = String(issue.path[0]);
  const isRange = inner.code === 'custom' && inner.params?.['range'] === true;
  const code = isRange ? 'CLI_FIELD_RANGE' : 'CLI_FIELD_MALFORMED';
  throw new CliFault(code, `${OPTION_OF[name] ?? `--${name}`}: ${inner.message}`);
}
