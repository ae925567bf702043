/** Faults of links and keys: something outside did not work, told by a stable code. */

/** Every fault code of this package with its meaning. */
export const LINK_FAULTS = {
  KEY_EXISTS: 'A key file is there already; it is never overwritten.',
  KEY_UNREADABLE: 'The key file cannot be read.',
  KEY_MALFORMED: 'The text is not an Ed25519 private key in PKCS #8 PEM.',
  KEY_EXPOSED: 'A file with a secret can be read by other users of this machine.',
  TOKEN_MALFORMED: 'The text is not a join token.',
  CERTIFICATE_MALFORMED: 'The text is not a certificate, or not one of the expected kind.',
  ADMISSION_UNREACHABLE: 'The hub’s admission door does not answer.',
  ADMISSION_AUTHORITY: 'The server’s certificate is not of the authority that the token names.',
  ADMISSION_ANSWER: 'The answer of the admission door does not have the stated form.',
  LINK_SOCKET_PATH_LENGTH: 'The path is longer than the system allows for a socket.',
  LINK_SOCKET_DIRECTORY: 'The directory of the socket can be entered by other users.',
  LINK_SOCKET_TAKEN: 'Something else lives at the path: another process, or no socket at all.',
  LINK_SOCKET_FAILED: 'The system refused to open the socket.',
  LINK_HTTP_ADDRESS:
    'The HTTP door cannot be opened at its address now: another program may have the port.',
  LINK_NATS_FAILED: 'The NATS server cannot be reached, or refuses this node.',
  LINK_NATS_MISSING: 'There is no NATS server program on this machine.',
} as const satisfies Record<string, string>;

export type LinkFaultCode = keyof typeof LINK_FAULTS;

/** Match it by `code`; `hint` says what to do. */
export class LinkFault extends Error {
  override readonly name = 'LinkFault';
  readonly code: LinkFaultCode;
  readonly hint: string;
  readonly retryable: boolean;

  constructor(
    code: LinkFaultCode,
    hint: string,
    options: { retryable?: boolean; cause?: unknown } = {},
  ) {
    super(`${code}: ${LINK_FAULTS[code]} ${hint}`, { cause: options.cause });
    this.code = code;
    this.hint = hint;
    this.retryable = options.retryable ?? false;
  }
}
