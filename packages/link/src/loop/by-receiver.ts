/** Sorts what one step sends by receiver: each gets one frame. */
import type { Message } from '@sparegrid/core/messages';
import type { Send } from '@sparegrid/core/step';
import type { NodeId } from '@sparegrid/core/units/ids';

export interface Bundle {
  to: NodeId;
  session: string | null;
  messages: Message[];
}

/** Bundles in the order of each receiver's first message; messages keep their order. */
export function byReceiver(sends: readonly Send[]): Bundle[] {
  const bundles = new Map<string, Bundle>();
  for (const { to, session, message } of sends) {
    const key = `${to} ${session ?? ''}`;
    const bundle = bundles.get(key);
    if (bundle) bundle.messages.push(message);
    else bundles.set(key, { to, session, messages: [message] });
  }
  return [...bundles.values()];
}
