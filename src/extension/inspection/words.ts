/** How numbers and tokens are written wherever they appear in the editor. */

/** A token with its white space made visible, as the pages write it, whether it comes as text or as the engine names it (`·the`). The sign for a carriage return is in few fonts, so it is written as in a string. */
export function visible(token: string): string {
  return token.replace(/[ ·]/g, '␣').replace(/\r\n|\n|\r/g, '↵').replace(/␍/g, '\\r').replace(/\t/g, '⇥');
}

/** At most `longest` characters, with a sign that there were more. */
export function shortened(words: string, longest: number): string {
  const characters = Array.from(words);
  return characters.length > longest ? `${characters.slice(0, longest).join('')}…` : words;
}

/** `activation` against `most`, both ≥ 0, as `width` blocks. Something that is not zero shows at least one. */
export function bar(activation: number, most: number, width: number): string {
  const share = most > 0 ? Math.min(1, Math.max(0, activation / most)) : 0;
  const filled = share === 0 ? 0 : Math.max(1, Math.round(share * width));
  return '▇'.repeat(filled) + '▁'.repeat(width - filled);
}

export function percent(probability: number): string {
  if (probability > 0 && probability < 0.001) return '< 0.1 %';
  return `${(probability * 100).toFixed(probability < 0.0995 ? 1 : 0)} %`;
}

export function activationText(value: number): string {
  return value.toPrecision(Math.abs(value) >= 10 ? 3 : 2).replace(/e\+?/, 'e');
}

/** What tells a dictionary from the others of its model: several may read one hook point. */
export function dictionaryName({ id, hook }: { readonly id: string; readonly hook: string }): string {
  return id.startsWith(hook) ? id : `${id} · ${hook}`;
}

export function bytesText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  const value = bytes / 1000 ** power;
  return `${power === 0 || value >= 100 ? value.toFixed(0) : value.toFixed(1)} ${units[power]!}`;
}

export function countText(count: number): string {
  if (count >= 1e9) return `${(count / 1e9).toFixed(1)} B`;
  if (count >= 1e6) return `${(count / 1e6).toFixed(1)} M`;
  if (count >= 1e3) return `${(count / 1e3).toFixed(1)} k`;
  return String(count);
}
