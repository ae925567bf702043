/** What comes out of a step of a whole-node reducer besides effects of its own. */
import type { Message } from './messages.ts';
import type { NodeId } from './units/ids.ts';

export type { Now } from './units/now.ts';
export type { Write } from './units/write.ts';

/** A message to be framed and released once the step's writes are durable. */
export interface Send {
  to: NodeId;
  /** For participants: which of its connections. Null for hubs. */
  session: string | null;
  message: Message;
}
