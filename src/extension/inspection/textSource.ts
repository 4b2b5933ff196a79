/** A long text that is read in parts. Offsets are UTF-16 units, end exclusive, as VS Code counts them. */
export interface TextSource {
  readonly length: number;
  slice(start: number, end: number): string;
}

/** Moves an offset back where it would part a surrogate pair or the two characters of a CRLF. */
export function safeOffset(source: TextSource, offset: number): number {
  if (offset <= 0) return 0;
  if (offset >= source.length) return source.length;
  const [before, after] = [source.slice(offset - 1, offset).charCodeAt(0), source.slice(offset, offset + 1).charCodeAt(0)];
  const partsPair = isHighSurrogate(before) && isLowSurrogate(after);
  const partsLineBreak = before === 0x0d && after === 0x0a;
  return partsPair || partsLineBreak ? offset - 1 : offset;
}

const isHighSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff;
const isLowSurrogate = (unit: number): boolean => unit >= 0xdc00 && unit <= 0xdfff;
