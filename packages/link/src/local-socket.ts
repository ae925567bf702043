/** Unix-domain sockets: the transport between processes of one machine. */
import { connectToSocket } from './socket-client.ts';
import { listenOnSocket } from './socket-server.ts';
import type { Transport } from './transport.ts';

export const localSockets: Transport = { listen: listenOnSocket, connect: connectToSocket };
