/** Promise 9: bad input gets a refusal with a code and changes nothing that lasts. */
import type { Send, Write } from '@sparegrid/core/step';
import type { NodeId } from '@sparegrid/core/units/ids';
import type { Expectation } from './expectation.ts';
import type { Model } from './model.ts';

/** Tables that any frame may change: nonces and clock. */
const HARMLESS: ReadonlySet<string> = new Set(['window', 'meta']);
const BARGAINS: ReadonlySet<string> = new Set([
  'agreement',
  'agreement-progress',
  'part',
  'part-progress',
]);

const HELD: ReadonlySet<string> = new Set([
  'bad order.cancel',
  'bad order.release',
  'bad lease.stop',
]);

export interface Outcome {
  writes: readonly Write[];
  sends: readonly Send[];
  effects: readonly { kind: string }[];
}

export function checkHostile(
  model: Model,
  node: NodeId,
  { what, codes, needsCode, mayWake, meddling }: Expectation,
  outcome: Outcome,
  isSure: boolean,
): void {
  const given = codesOf(outcome);
  // Whatever else is wrong with a frame: its sender may have been expelled meanwhile.
  const isRefused =
    codes.length === 0
      ? given.length > 0
      : codes.some((code) => given.includes(code)) || isFromExpelled(model, node, given);
  // A hub that is not sure of its past answers these once it is.
  const isHeld = !isSure && HELD.has(what);
  if (needsCode && !isRefused && !isHeld) {
    const detail = `expected ${codes.join(' or ') || 'a code'}, got ${given.join() || 'none'}`;
    model.violate('hostile.not-refused', node, what, detail);
  }
  // A frame that is accepted may wake other business of the hub; what it names must not change.
  const bad = outcome.writes.filter(({ table, key }) =>
    meddling === undefined
      ? !HARMLESS.has(table) && !mayWake
      : BARGAINS.has(table) &&
        key.startsWith(meddling.agreement) &&
        !isParty(model, node, meddling),
  );
  if (bad.length > 0) {
    const detail = bad.map(({ table, key }) => `${table} ${key}`).join(', ');
    model.violate('hostile.changed', node, what, detail.slice(0, 400));
  }
}

function isFromExpelled(model: Model, node: NodeId, given: readonly string[]): boolean {
  const hub = model.hubs.get(node);
  return (hub?.expelled.size ?? 0) > 0 && given.includes('LINK_UNKNOWN_SENDER');
}

/** The meddling hub was picked blindly: it may be a party of the part after all. */
function isParty(
  model: Model,
  node: NodeId,
  { liar, agreement, part }: NonNullable<Expectation['meddling']>,
): boolean {
  const records = model.hubs.get(node)?.records;
  const asked = records?.agreement.get(agreement)?.parts[part]?.terms.targetHub;
  const held = records?.part.get(`${agreement}.${part}`)?.terms.firstHub;
  return asked === liar || held === liar;
}

function codesOf({ sends, effects }: Outcome): string[] {
  const codes: string[] = [];
  for (const effect of effects) {
    // What is not in memory is looked up in the store; the reply is judged when it is given.
    if (effect.kind === 'cold-read') codes.push('ORDER_UNKNOWN');
    if ('code' in effect && typeof effect.code === 'string') codes.push(effect.code);
  }
  for (const { message } of sends) {
    if (message.type === 'refused' || message.type === 'rejected') codes.push(message.code);
    if (message.type === 'reply' && !message.reply.ok) codes.push(message.reply.code);
  }
  return codes;
}
