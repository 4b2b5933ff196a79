/**
 * Cuts the text of one JSON object into its members while it is being read, and the arrays among them that are asked for
 * into their elements, so that a file of any size needs only the memory of its largest piece.
 */
import { MechanistError } from '../../../engine/errors.ts';

export interface PieceHandler {
  /** Members whose value, an array, is handed over element by element. */
  readonly streamed: ReadonlySet<string>;
  /** Such an array begins. */
  begin(member: string): void;
  element(member: string, text: string): void;
  member(name: string, text: string): void;
}

/** Bytes of one piece. */
const largestPiece = 32 * 2 ** 20;
const deepest = 64;

const state = { start: 0, key: 1, colon: 2, value: 3, comma: 4, element: 5, elementComma: 6, end: 7 } as const;
type Expecting = (typeof state)[keyof typeof state];

const code = { quote: 0x22, comma: 0x2c, colon: 0x3a, openArray: 0x5b, backslash: 0x5c, closeArray: 0x5d, openObject: 0x7b, closeObject: 0x7d } as const;

export class JsonPieces {
  private readonly handler: PieceHandler;
  private readonly file: string | undefined;
  private expecting: Expecting = state.start;
  private name = '';
  private first = true;
  /** The piece under way: earlier chunks' share, nesting and string state. Undefined: between pieces. */
  private piece: { parts: Buffer[]; bytes: number; depth: number; inString: boolean; escaped: boolean } | undefined;
  private offset = 0;

  constructor(handler: PieceHandler, file?: string) {
    this.handler = handler;
    this.file = file;
  }

  /** Takes the next bytes. Errors: `parse` with the offset, `memory` for a piece that is too large or too deep. */
  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.piece !== undefined) at = this.continuePiece(chunk, at);
      else at = this.punctuation(chunk, at);
    }
    this.offset += chunk.length;
  }

  /** Errors: `parse` when the text ends too early. */
  end(): void {
    if (this.expecting !== state.end) throw this.error('The text ends too early', 0);
  }

  private punctuation(chunk: Buffer, at: number): number {
    const byte = chunk[at]!;
    if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) return at + 1;
    switch (this.expecting) {
      case state.start:
        if (byte !== code.openObject) throw this.error('An object is expected', at);
        this.expecting = state.key;
        return at + 1;
      case state.key:
        if (byte === code.closeObject && this.first) return this.finished(at);
        if (byte !== code.quote) throw this.error('A key is expected', at);
        return this.beginPiece(at);
      case state.colon:
        if (byte !== code.colon) throw this.error('Expected ":"', at);
        this.expecting = state.value;
        return at + 1;
      case state.value:
        if (byte === code.openArray && this.handler.streamed.has(this.name)) {
          this.expecting = state.element;
          this.first = true;
          this.handler.begin(this.name);
          return at + 1;
        }
        return this.beginPiece(at);
      case state.element:
        if (byte === code.closeArray && this.first) return this.afterValue(at);
        return this.beginPiece(at);
      case state.elementComma:
        if (byte === code.closeArray) return this.afterValue(at);
        if (byte !== code.comma) throw this.error('Expected "," or "]"', at);
        this.expecting = state.element;
        this.first = false;
        return at + 1;
      case state.comma:
        if (byte === code.closeObject) return this.finished(at);
        if (byte !== code.comma) throw this.error('Expected "," or "}"', at);
        this.expecting = state.key;
        this.first = false;
        return at + 1;
      case state.end: throw this.error('Unexpected text after the JSON value', at);
    }
  }

  private afterValue(at: number): number {
    this.expecting = state.comma;
    return at + 1;
  }

  private finished(at: number): number {
    this.expecting = state.end;
    return at + 1;
  }

  private beginPiece(at: number): number {
    this.piece = { parts: [], bytes: 0, depth: 0, inString: false, escaped: false };
    return at;
  }

  /** Runs to the end of the piece or of the chunk. */
  private continuePiece(chunk: Buffer, from: number): number {
    const piece = this.piece!;
    let { depth, inString, escaped } = piece;
    let at = from;
    let end = -1;
    for (; at < chunk.length && end < 0; at++) {
      const byte = chunk[at]!;
      if (inString) {
        if (escaped) escaped = false;
        else if (byte === code.backslash) escaped = true;
        else if (byte === code.quote) {
          inString = false;
          if (depth === 0) end = at + 1;
        }
      } else if (byte === code.quote) inString = true;
      else if (byte === code.openObject || byte === code.openArray) {
        if (++depth > deepest) throw new MechanistError('memory', `The JSON text is nested deeper than ${deepest} levels.`, { file: this.file, field: this.name });
      } else if (byte === code.closeObject || byte === code.closeArray) {
        // A number or word ends where what surrounds it ends.
        if (depth === 0) end = at;
        else if (--depth === 0) end = at + 1;
      } else if (depth === 0 && (byte === code.comma || byte <= 0x20 || byte === code.colon)) end = at;
    }
    const until = end < 0 ? chunk.length : end;
    piece.bytes += until - from;
    if (piece.bytes > largestPiece) throw new MechanistError('memory', `A single value has more than ${largestPiece / 2 ** 20} MiB.`, { file: this.file, field: this.name });
    if (end < 0) {
      piece.parts.push(Buffer.from(chunk.subarray(from, until)));
      Object.assign(piece, { depth, inString, escaped });
      return chunk.length;
    }
    const text = piece.parts.length === 0 ? chunk.toString('utf8', from, end) : Buffer.concat([...piece.parts, chunk.subarray(from, end)]).toString('utf8');
    this.piece = undefined;
    if (text === '') throw this.error('A value is expected', end);
    this.take(text, end);
    return end;
  }

  private take(text: string, at: number): void {
    if (this.expecting === state.key) {
      this.name = this.parsedKey(text, at);
      this.expecting = state.colon;
    } else if (this.expecting === state.element) {
      this.handler.element(this.name, text);
      this.expecting = state.elementComma;
    } else {
      this.handler.member(this.name, text);
      this.expecting = state.comma;
    }
  }

  private parsedKey(text: string, at: number): string {
    try {
      return String(JSON.parse(text));
    } catch {
      throw this.error('Invalid escape in a key', at);
    }
  }

  private error(statement: string, at: number): MechanistError {
    return new MechanistError('parse', `${statement} at byte ${this.offset + at} of the JSON text.`, { file: this.file });
  }
}
