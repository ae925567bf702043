/** What a hub counts about its links. */

export interface LinkCounters {
  /** Frames that went to the core. */
  frames: number;
  /** Frames refused before the core saw them, and those that the core refused. */
  malformed: number;
  refused: number;
  /** Messages to participants that are not connected: lost, as on any link. */
  unrouted: number;
}

export function noCounts(): LinkCounters {
  return { frames: 0, malformed: 0, refused: 0, unrouted: 0 };
}
