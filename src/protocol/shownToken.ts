/** Tokens as the engine shows them: leading spaces as `·`, line ends and tabs as pictures. */

/** The text that a shown token stands for, whether the engine writes it (`·Mary`) or a page (`␣Mary`). */
export function plainToken(shown: string): string {
  return shown.replace(/^·+/, (dots) => ' '.repeat(dots.length)).replace(/␣/g, ' ').replace(/↵/g, '\n').replace(/⇥/g, '\t').replace(/␍/g, '\r');
}
