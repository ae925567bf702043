/** Leases as text for people. */
import type { LeaseView } from '@sparegrid/core/messages';
import { formatCredits } from '@sparegrid/core/units/money';
import { formatDuration } from '@sparegrid/sdk/duration';
import { tableText } from './print.ts';

export function leasesText(leases: readonly LeaseView[], nowMs: number): string {
  const header = ['LEASE', 'STATE', 'LESSORS', 'REPLICAS', 'PRICE/H', 'COST', 'AGE', 'TIME LEFT'];
  const rows = leases.map((lease) => {
    const { id, lease: state, parts } = lease;
    return [
      id,
      parts.some(({ key }) => key === 'awaited') ? 'AWAITING_KEY' : state,
      parts.map(({ lessor }) => lessor).join(','),
      String(parts.reduce((sum, { replicas }) => sum + replicas, 0)),
      formatCredits(parts.reduce((sum, { priceMicroPerHour }) => sum + priceMicroPerHour, 0n)),
      formatCredits(parts.reduce((sum, { costMicro }) => sum + costMicro, 0n)),
      lease.signedAtMs == null ? '-' : formatDuration(Math.max(0, nowMs - lease.signedAtMs)),
      timeLeft(lease, nowMs),
    ];
  });
  return rows.length === 0
    ? 'No leases. Order something: sparegrid run --help'
    : tableText(header, rows);
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
