/** Leases as text for people. */
import type { LeaseView } from '@sparegrid/core/messages';
import { formatCredits } from '@sparegrid/core/units/money';
import { formatDuration } from '@sparegrid/sdk/duration';
import { asTyped } from './as-typed.ts';
import { tableText } from './print.ts';
import { shortId } from './short-id.ts';

export function leasesText(leases: readonly LeaseView[], nowMs: number): string {
  const header = ['LEASE', 'STATE', 'LESSORS', 'REPL', 'PRICE/H', 'COST', 'AGE', 'LEFT'];
  const rows = leases.map((lease) => {
    const { id, lease: state, parts } = lease;
    return [
      shortId(id),
      parts.some(({ key }) => key === 'awaited') ? 'AWAITING_KEY' : state,
      lessorsText(parts.map(({ lessor }) => lessor)),
      String(parts.reduce((sum, { replicas }) => sum + replicas, 0)),
      formatCredits(parts.reduce((sum, { priceMicroPerHour }) => sum + priceMicroPerHour, 0n)),
      formatCredits(parts.reduce((sum, { costMicro }) => sum + costMicro, 0n)),
      lease.signedAtMs == null ? '-' : formatDuration(Math.max(0, nowMs - lease.signedAtMs)),
      timeLeft(lease, nowMs),
    ];
  });
  return rows.length === 0
    ? asTyped('No leases. Order something: sparegrid run --help')
    : tableText(header, rows);
}

/** The first one, and how many more; `lease get` names them. */
function lessorsText([first = '-', ...more]: readonly string[]): string {
  return more.length === 0 ? first : `${first} +${more.length}`;
}

export function leaseText(lease: LeaseView, nowMs: number): string {
  const { id, order, lease: state, userOf, code, parts } = lease;
  const head = [
    `lease     ${id}`,
    `order     ${order}`,
    `state     ${state}${code === null ? '' : ` (${code})`}`,
    `in use by ${userOf ?? 'nobody'}`,
    `time left ${timeLeft(lease, nowMs)}`,
  ];
  const header = ['PART', 'LESSOR', 'HUB', 'REPLICAS', 'LOTS', 'PRICE/H', 'BILLED', 'COST', 'END'];
  const rows = parts.map((part) => [
    String(part.part),
    part.lessor,
    part.targetHub,
    String(part.replicas),
    [...new Set(part.placements.map(({ lotId }) => lotId))].join(','),
    formatCredits(part.priceMicroPerHour),
    formatDuration(part.billedMs),
    formatCredits(part.costMicro),
    part.outcome ?? (part.key === 'awaited' ? 'AWAITING_KEY' : '-'),
  ]);
  return `${head.join('\n')}\n\n${tableText(header, rows)}`;
}

function timeLeft({ userExpiresMs }: LeaseView, nowMs: number): string {
  return userExpiresMs === null ? '-' : formatDuration(Math.max(0, userExpiresMs - nowMs));
}
