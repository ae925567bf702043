/** Ids in tables: long enough to be the only ones, short enough for a line of a terminal. */

/** `o-28ca3edd07fbf7bf067839abb722ff80-1` -> `o-28ca3edd07fb-1`, which every command takes. */
export function shortId(id: string): string {
  return id.replace(/^(o-[0-9a-f]{12})[0-9a-f]{20}/, '$1');
}
