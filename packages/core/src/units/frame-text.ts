/** What the signature of a frame covers: its text, set apart from every other signed text. */

/**
 * The domain prefix keeps a frame's signature from being passed off as a document's, and the other
 * way round: documents sign a text that begins with `DSSEv1 `.
 */
export function frameSigningText(text: string): string {
  return `sparegrid-frame-v1\n${text}`;
}
