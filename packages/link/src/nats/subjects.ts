/** Subjects on a hub's server: every user has its own ones and no others. */
import type { NodeId } from '@sparegrid/core/units/ids';

/** A node's id as one token of a subject; ids have no `_`. */
export function tokenOf(node: NodeId): string {
  return node.replaceAll('.', '_');
}

/** From a user to the hub, on one line of it. */
export const upSubject = (token: string, line: string): string => `up.${token}.${line}`;
/** From the hub to a user, on one line of it. */
export const downSubject = (token: string, line: string): string => `down.${token}.${line}`;
/** All that users say. */
export const ALL_UP = 'up.*.*';
/** A hub that came up tells everybody. */
export const HELLO_SUBJECT = 'hello';
/** Asked by a hub before it listens: is somebody serving here already? */
export const SERVING_SUBJECT = 'serving';

/** What a user of a hub's server may do; the hub itself may do all. */
export function permissionsOf(node: NodeId): { publish: string[]; subscribe: string[] } {
  const token = tokenOf(node);
  return {
    publish: [upSubject(token, '*')],
    subscribe: [downSubject(token, '*'), HELLO_SUBJECT, `_INBOX.${token}.>`],
  };
}

/** The account of the hub and its users on its server; the server itself speaks from another one. */
export const HUB_ACCOUNT = 'HUB';
export const SYSTEM_ACCOUNT = 'SYS';
/** The server's own word, for the hub only, that a connection of the hub's account is gone. */
export const GONE_SUBJECT = `$SYS.ACCOUNT.${HUB_ACCOUNT}.DISCONNECT`;

/** All lines of one connection begin like this, so that they are known to end with it. */
export const linePrefix = (connection: number): string => `${connection}-`;
