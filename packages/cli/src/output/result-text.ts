/** Results as text for people. */
import type { ResultView } from '@sparegrid/core/messages';
import { formatDuration } from '@sparegrid/sdk/duration';
import { asTyped } from './as-typed.ts';
import { shortName } from './log-text.ts';
import { tableText } from './print.ts';
import { shortId } from './short-id.ts';
import { sizeText } from './size-text.ts';

const SECOND_MS = 1_000;

export function resultsText(results: readonly ResultView[]): string {
  if (results.length === 0) {
    return asTyped(
      'No results. Programs leave them in $SPAREGRID_OUT; see sparegrid result --help',
    );
  }
  const rows = results.map(({ container, bytes, state, expiresInMs }) => [
    shortId(container.slice(0, container.lastIndexOf('-'))),
    shortName(container),
    sizeText(bytes),
    state,
    formatDuration(Math.floor(expiresInMs / SECOND_MS) * SECOND_MS),
  ]);
  return tableText(['ORDER', 'CONTAINER', 'SIZE', 'STATE', 'KEPT FOR'], rows);
}
