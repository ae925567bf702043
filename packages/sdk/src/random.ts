/** Random names, from the generator that browsers and Node share. */

/** 128 random bits as 32 hex digits: nobody guesses it and no two are equal. */
export function randomHex(): string {
  const bytes = globalThis.crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
