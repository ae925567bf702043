/** Faults of configuration files: the person who wrote the file is told where and what. */

/** Every fault code of configurations with its meaning. */
export const CONFIG_FAULTS = {
  CONFIG_USAGE: 'The command line is wrong.',
  CONFIG_UNREADABLE: 'The configuration file cannot be read.',
  CONFIG_MALFORMED: 'The configuration file is not JSON, or a field is wrong.',
  CONFIG_KEY: 'The key file cannot be read, or is not the key that the configuration states.',
  CONFIG_FILE: 'A file that the configuration names cannot be read, or shows everybody a secret.',
  CONFIG_ADDRESS: 'A door cannot be opened at the address that the configuration states.',
  CONFIG_MACHINE: 'The configuration asks for what this machine does not have.',
} as const satisfies Record<string, string>;

export type ConfigFaultCode = keyof typeof CONFIG_FAULTS;

/** Match it by `code`; `hint` names file and field. */
export class ConfigFault extends Error {
  override readonly name = 'ConfigFault';
  readonly code: ConfigFaultCode;
  readonly hint: string;
  readonly retryable = false;

  constructor(code: ConfigFaultCode, hint: string, cause?: unknown) {
    super(`${code}: ${CONFIG_FAULTS[code]} ${hint}`, cause === undefined ? {} : { cause });
    this.code = code;
    this.hint = hint;
  }
}
