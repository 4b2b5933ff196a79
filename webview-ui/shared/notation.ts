/** How tokens and numbers are written in views. */

/** A token with its white space made visible. The sign for a carriage return is in few fonts, so it is written as in a string. */
export function visibleToken(token: string): string {
  return token.replace(/ /g, '␣').replace(/\r\n|\n|\r/g, '↵').replace(/␍/g, '\\r').replace(/\t/g, '⇥');
}

export function probabilityText(probability: number): string {
  if (probability > 0 && probability < 0.001) return '<.001';
  return probability.toFixed(probability >= 0.9995 ? 2 : 3).replace(/^0/, '');
}

export function activationText(value: number): string {
  return value.toPrecision(Math.abs(value) >= 10 ? 3 : 2).replace(/e\+?/, 'e');
}
