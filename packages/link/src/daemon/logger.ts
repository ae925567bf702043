/** Writes what happens as JSON lines; stdout belongs to the program's answers, this goes to stderr. */

export type LogFields = Readonly<Record<string, string | number | boolean | null>>;

/** `event` is a stable name such as `link.malformed`; everything that varies is a field. */
export interface Logger {
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

/** @param node  id of the node that speaks. */
export function createLogger(node: string, write = writeToStderr): Logger {
  const line =
    (level: string) =>
    (event: string, fields: LogFields = {}) =>
      write(`${JSON.stringify({ at: new Date().toISOString(), level, node, event, ...fields })}\n`);
  return { info: line('info'), warn: line('warn'), error: line('error') };
}

function writeToStderr(line: string): void {
  process.stderr.write(line);
}
