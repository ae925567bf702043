/** Seals of a simulated market: of the form of real ones, with nothing hidden, so that keys can be told apart. */
import type { DesiredContainer } from '@sparegrid/core/messages';
import type { PartId } from '@sparegrid/core/units/ids';

/** What the release of a key says, which only its lessee can make. */
interface Release {
  part: PartId;
  opens: boolean;
  /** Tells apart several releases of one part. */
  number: string;
}

export function sealTask(text: string): string {
  return Buffer.from(text).toString('base64url');
}

export function openTask(sealed: string): string {
  return Buffer.from(sealed, 'base64url').toString();
}

export function sealRelease(release: Release): string {
  return Buffer.from(JSON.stringify(release)).toString('base64url');
}

/** The task, or null when the key that came with it is not the one. */
export function openedTask({ part, taskPrivate, release }: DesiredContainer): string | null {
  if (taskPrivate === null || release === null) return null;
  const { part: meant, opens } = JSON.parse(openTask(release)) as Release;
  return meant === part && opens ? openTask(taskPrivate) : null;
}

/** A chunk of output as its lessor would seal it. */
export function sealChunk(text: string): string {
  return `more.${'s'.repeat(22)}.0.0.${Buffer.from(`${text}${'t'.repeat(16)}`).toString('base64url')}`;
}
