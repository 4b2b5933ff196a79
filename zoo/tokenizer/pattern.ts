/** How text is cut before byte pairs are merged, and how bytes are written in the vocabulary. */

/**
 * GPT-2's pattern with two changes: digits come in pairs, without a space, so that a year is two tokens; and
 * every punctuation mark stands alone, so that every bracket and quotation mark is one token.
 */
export const splitPattern = String.raw`'(?:s|t|re|ve|m|d|ll)| ?\p{L}+|\p{N}{1,2}| ?[^\s\p{L}\p{N}]|\s+(?!\S)|\s+`;

/** GPT-2's printable alphabet: byte → character. */
export const byteCharacters: readonly string[] = buildByteCharacters();

/** The vocabulary's spelling of a text: one character per UTF-8 byte. */
export function spell(text: string): string {
  let spelled = '';
  for (const byte of encoder.encode(text)) spelled += byteCharacters[byte]!;
  return spelled;
}

/** The bytes behind a spelling. */
export function unspell(spelled: string): Uint8Array {
  return Uint8Array.from([...spelled], (character) => characterBytes.get(character)!);
}

const encoder = new TextEncoder();
const characterBytes = new Map(byteCharacters.map((character, byte) => [character, byte]));

function buildByteCharacters(): string[] {
  const printable = (byte: number): boolean => (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(printable(byte) ? byte : next++));
}
