/** Commands in our own words, as the reader has to type them. */

/** npm and npx say so to what they start; in a checkout `sparegrid` alone is not found then. */
const IS_BY_NPM = process.env['npm_command'] !== undefined;

/** `sparegrid order ls` -> `npx sparegrid order ls` for who came by npx. */
export function asTyped(text: string, isByNpm = IS_BY_NPM): string {
  if (!isByNpm) return text;
  return text.replace(/(?<![\w/.@-])(?<!npx )sparegrid (?=-|[a-z])/g, 'npx sparegrid ');
}
