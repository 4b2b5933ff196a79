/** How tokens and numbers are written in views. */

/**
 * A token with its white space made visible, whether it comes as text or as the engine names it (`·the`). The sign for a
 * carriage return is in few fonts, so it is written as in a string.
 */
export function visibleToken(token: string): string {
  return token.replace(/[ ·]/g, '␣').replace(/\r\n|\n|\r/g, '↵').replace(/␍/g, '\\r').replace(/\t/g, '⇥');
}

/** A label as it is shown: tokens that it quotes, as the engine names them, are written as everywhere. */
export function visibleLabel(label: string): string {
  return label.replace(/(?<=“)[^”]*(?=”)/g, visibleToken);
}

/**
 * The text behind tokens as the engine names them: spaces, line ends, and bytes of characters that tokens split. A middle
 * dot that was in the text itself becomes a space.
 */
export function textOfTokens(tokens: readonly string[]): string {
  const joined = tokens.join('').replace(/·/g, ' ').replace(/↵/g, '\n').replace(/⇥/g, '\t').replace(/␍/g, '\r');
  return joined.replace(/(?:\\x[\dA-F]{2})+/g, (bytes) => new TextDecoder().decode(Uint8Array.from(bytes.match(/[\dA-F]{2}/g)!, (digits) => Number.parseInt(digits, 16))));
}

export function probabilityText(probability: number): string {
  if (probability > 0 && probability < 0.001) return '<.001';
  return probability.toFixed(probability >= 0.9995 ? 2 : 3).replace(/^0/, '');
}

export function activationText(value: number): string {
  return value.toPrecision(Math.abs(value) >= 10 ? 3 : 2).replace(/e\+?/, 'e');
}
