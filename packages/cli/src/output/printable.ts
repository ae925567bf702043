/** Text of others, made fit for a terminal. */

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out.
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;
/** No width, or another direction: what is read would not be what is there. */
const HIDING = /[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;

/** Control characters of file names and hubs do not reach the terminal. */
export function printable(text: string): string {
  return text.replace(CONTROLS, '?').replace(HIDING, '?');
}
