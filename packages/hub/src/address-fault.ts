/** What it means that a door cannot be opened at its address. */
import { ConfigFault } from '@sparegrid/link/daemon/config-fault';
import { LinkFault } from '@sparegrid/link/fault';

/** No other start of the same configuration on this machine would do better. */
const WRONG = new Set(['EADDRNOTAVAIL', 'EACCES', 'EINVAL', 'ENOTFOUND']);

/**
 * CONFIG_ADDRESS where only another configuration helps; LINK_HTTP_ADDRESS where trying again may,
 * because another program has the port, say.
 *
 * @param field  of the configuration.
 */
export function addressFault(
  field: 'http' | 'admission',
  { host, port }: { host: string; port: number },
  cause: unknown,
): ConfigFault | LinkFault {
  const { code, message } = cause as NodeJS.ErrnoException;
  const hint = `${field}: ${host}:${port}: ${message}`;
  if (code !== undefined && WRONG.has(code)) return new ConfigFault('CONFIG_ADDRESS', hint, cause);
  return new LinkFault('LINK_HTTP_ADDRESS', hint, { cause, retryable: true });
}
