/** How far a long piece of work is, in one line of the terminal that is written over and then wiped. */

const WIDTH = 30;
let shown = -1;

/** Says nothing where nobody watches. @param share  0 to 1 */
export function showShare(share: number): void {
  const { stderr } = process;
  const percent = Math.floor(share * 100);
  if (!stderr.isTTY || percent === shown) return;
  shown = percent;
  const bar = '#'.repeat(Math.round(share * WIDTH)).padEnd(WIDTH, '.');
  stderr.write(percent < 100 ? `\r[${bar}] ${percent} %` : '\r\u001b[K');
}
