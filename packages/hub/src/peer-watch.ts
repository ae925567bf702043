/** Says in the log when the link to another hub comes and goes, and why it does not come. */
import type { HubId } from '@sparegrid/core/units/ids';
import type { Logger } from '@sparegrid/link/daemon/logger';
import type { ClientOptions } from '@sparegrid/link/transport';

type Watch = Required<Pick<ClientOptions, 'onConnect' | 'onDisconnect' | 'onFailed'>>;

/** Each reason once: attempts go on for as long as it takes. */
export function peerWatch(logger: Logger, hub: HubId): Watch {
  let failure = '';
  return {
    onConnect: () => {
      failure = '';
      logger.info('peer.connected', { hub });
    },
    onDisconnect: () => logger.warn('peer.lost', { hub }),
    onFailed: (cause) => {
      const error = String(cause);
      if (error === failure) return;
      failure = error;
      logger.warn('peer.unreachable', { hub, error });
    },
  };
}
