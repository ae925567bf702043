/** Puts what one step tells one receiver into as few frames as possible. */
import type { Message } from '@sparegrid/core/messages';
import type { Send } from '@sparegrid/core/step';
import type { NodeId, PartId } from '@sparegrid/core/units/ids';
import type { FrameText } from '@sparegrid/link/frame';
import type { Framer } from '@sparegrid/link/framer';

export interface Addressed {
  to: NodeId;
  session: string | null;
  frame: FrameText;
  /** It tells of rows of panoramas and nothing else. */
  hasOnlyRows: boolean;
  /** Parts of agreements that it is about. */
  parts: PartId[];
}

export function framesOf(framer: Framer, sends: readonly Send[], wallMs: number): Addressed[] {
  const groups = new Map<string, { to: NodeId; session: string | null; messages: Message[] }>();
  for (const { to, session, message } of sends) {
    const name = `${to} ${session ?? ''}`;
    const group = groups.get(name);
    if (group) group.messages.push(message);
    else groups.set(name, { to, session, messages: [message] });
  }
  return [...groups.values()].flatMap(({ to, session, messages }) => {
    const hasOnlyRows = messages.every(({ type }) => type === 'delta' || type === 'part-update');
    const parts = messages.flatMap((message) =>
      'agreement' in message ? [`${message.agreement}.${message.part}`] : [],
    );
    return framer
      .frame(to, messages, wallMs)
      .map((frame) => ({ to, session, frame, hasOnlyRows, parts }));
  });
}

/** What a message is about, for the trace. */
export function topicOf(message: Message): string {
  if ('agreement' in message) return `${message.type} ${message.agreement}.${message.part}`;
  if (message.type === 'desired') {
    const ids = message.containers.map(({ id, running }) => `${id}${running ? '+' : ''}`);
    return `desired ${message.epoch}/${message.revision} ${ids.join(' ')}`;
  }
  if (message.type === 'status') {
    const states = message.containers.map(({ id, state, reason }) => `${id}:${state}:${reason}`);
    const since = message.since === null ? '' : `since ${message.since} `;
    return `status ${message.seq} ${since}${message.epoch}/${message.revision} ${states.join(' ')} -${message.gone.join(' -')}`;
  }
  return message.type;
}
