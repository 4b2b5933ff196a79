/**
 * Protocol-buffer wire format, reading side. Input is untrusted: every length is checked against what encloses
 * it before anything is allocated, nesting is limited, and all failures are `parse` errors that name the field.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { MechanistError } from '../../errors.ts';

/** Random access to bytes in memory or in a file. Large payloads stay where they are until asked for. */
export interface ByteSource {
  readonly size: number;
  /** A view or a copy of `length` bytes. The caller has checked the range against `size`. */
  slice(offset: number, length: number): Uint8Array;
  /** Bytes at and after `offset`, as many as are at hand, with the offset of the first. */
  window(offset: number): { readonly bytes: Uint8Array; readonly start: number };
}

export function memorySource(given: Uint8Array): ByteSource {
  // A Buffer's slices are views of a shared pool; a plain array's are copies.
  const bytes = new Uint8Array(given.buffer, given.byteOffset, given.byteLength);
  const whole = { bytes, start: 0 };
  return { size: bytes.length, slice: (offset, length) => bytes.subarray(offset, offset + length), window: () => whole };
}

/** Reads of structure go through one window of this size; payloads are read directly. */
const windowSize = 2 ** 18;

/** One system call transfers less than this on every platform. */
const largestTransfer = 2 ** 30;

/** A file read by position. Close it when the structure has been read. */
export class FileSource implements ByteSource {
  readonly size: number;
  private readonly file: string;
  private readonly descriptor: number;
  private cached: { bytes: Uint8Array; start: number } = { bytes: new Uint8Array(0), start: 0 };

  private constructor(descriptor: number, file: string, size: number) {
    this.descriptor = descriptor;
    this.file = file;
    this.size = size;
  }

  /** Errors: `not-found` when the file cannot be opened; `parse` when it is not a regular file. */
  static open(file: string): FileSource {
    let descriptor: number;
    try {
      descriptor = openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    } catch (error) {
      throw new MechanistError('not-found', 'The file cannot be opened.', { file, cause: error });
    }
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) {
      closeSync(descriptor);
      throw new MechanistError('parse', 'This is not a regular file.', { file });
    }
    return new FileSource(descriptor, file, stat.size);
  }

  /** Takes over an open descriptor. */
  static over(descriptor: number, file: string, size: number): FileSource {
    return new FileSource(descriptor, file, size);
  }

  slice(offset: number, length: number): Uint8Array {
    const { bytes, start } = this.cached;
    if (offset >= start && offset + length <= start + bytes.length) return bytes.slice(offset - start, offset - start + length);
    const out = new Uint8Array(length);
    let done = 0;
    while (done < length) {
      const count = readSync(this.descriptor, out, done, Math.min(length - done, largestTransfer), offset + done);
      if (count === 0) throw new MechanistError('parse', 'The file ends early.', { file: this.file });
      done += count;
    }
    return out;
  }

  window(offset: number): { bytes: Uint8Array; start: number } {
    const { bytes, start } = this.cached;
    if (offset < start || offset >= start + bytes.length) {
      this.cached = { bytes: new Uint8Array(0), start: 0 };
      this.cached = { bytes: this.slice(offset, Math.min(windowSize, this.size - offset)), start: offset };
    }
    return this.cached;
  }

  close(): void {
    closeSync(this.descriptor);
  }
}

/** Where a payload lies in its source. */
export interface Span {
  readonly offset: number;
  readonly length: number;
}

/** Messages nest node → attribute → graph, so this allows about 20 levels of sub-graphs. */
const maxDepth = 64;

export class WireReader {
  readonly source: ByteSource;
  /** Dotted path of this message, for error messages. */
  readonly path: string;
  private position: number;
  private readonly begin: number;
  private readonly end: number;
  private readonly depth: number;
  private field = 0;
  private wireType = 0;
  private fieldName = '';

  constructor(source: ByteSource, path: string, span: Span = { offset: 0, length: source.size }, depth = 0) {
    this.source = source;
    this.path = path;
    this.begin = span.offset;
    this.position = span.offset;
    this.end = span.offset + span.length;
    this.depth = depth;
    if (depth > maxDepth) throw this.error(`Messages are nested more than ${maxDepth} deep.`);
  }

  /** Moves to the next field and returns its number, or undefined at the end of the message. */
  next(): number | undefined {
    this.fieldName = '';
    if (this.position >= this.end) return undefined;
    const tag = this.varintNumber();
    this.field = Math.floor(tag / 8);
    this.wireType = tag % 8;
    if (this.field === 0) throw this.error('A field has number 0.');
    if (this.wireType === 3 || this.wireType === 4) throw this.error(`Field ${this.field} uses protobuf groups, which ONNX does not have.`);
    if (this.wireType > 5) throw this.error(`Field ${this.field} has wire type ${this.wireType}, which does not exist.`);
    return this.field;
  }

  /** A new reader over the same message, from its beginning. */
  again(): WireReader {
    return new WireReader(this.source, this.path, { offset: this.begin, length: this.end - this.begin }, this.depth);
  }

  /** Names the current field in error messages. */
  at(name: string): this {
    this.fieldName = name;
    return this;
  }

  skip(): void {
    if (this.wireType === 0) this.varint();
    else if (this.wireType === 1) this.take(8);
    else if (this.wireType === 2) this.payload();
    else this.take(4);
  }

  /** A non-negative integer, such as an enumeration or a count. */
  uint(): number {
    this.expect(0);
    return this.varintNumber();
  }

  int64(): bigint {
    this.expect(0);
    return BigInt.asIntN(64, this.varint());
  }

  float(): number {
    this.expect(5);
    return this.view(4).getFloat32(0, true);
  }

  text(): string {
    const { offset, length } = this.span();
    if (length > maxText) throw this.error(`A string of ${length} bytes is longer than ${maxText}.`);
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(this.source.slice(offset, length));
    } catch (error) {
      if (MechanistError.is(error)) throw error;
      throw this.error('A string is not UTF-8.', error);
    }
  }

  /** The payload of a length-delimited field. */
  span(): Span {
    this.expect(2);
    return this.payload();
  }

  /** A reader over the message in the current field. */
  message(name: string): WireReader {
    this.fieldName = name;
    const path = this.path === '' ? name : `${this.path}.${name}`;
    return new WireReader(this.source, path, this.span(), this.depth + 1);
  }

  /** One occurrence of a repeated number field, packed or not: concatenated occurrences are one packed payload. */
  numbers(wireType: 0 | 1 | 5): Span {
    if (this.wireType === 2) return this.payload();
    this.expect(wireType);
    const offset = this.position;
    this.skip();
    return { offset, length: this.position - offset };
  }

  /** The integers of a packed payload. Errors when there are more than `limit`. */
  unpack({ offset, length }: Span, limit: number): bigint[] {
    const inner = new WireReader(this.source, this.where(), { offset, length }, this.depth + 1);
    const values: bigint[] = [];
    while (inner.position < inner.end) {
      if (values.length === limit) throw this.error(`More than ${limit} values.`);
      values.push(BigInt.asIntN(64, inner.varint()));
    }
    return values;
  }

  error(statement: string, cause?: unknown): MechanistError {
    return new MechanistError('parse', statement, { field: this.where(), cause });
  }

  private where(): string {
    if (this.fieldName === '') return this.path === '' ? 'model' : this.path;
    return this.path === '' ? this.fieldName : `${this.path}.${this.fieldName}`;
  }

  private expect(wireType: number): void {
    if (this.wireType !== wireType) throw this.error(`Field ${this.field} has wire type ${this.wireType}; expected ${wireType}.`);
  }

  private payload(): Span {
    const length = this.varintNumber();
    const offset = this.position;
    this.take(length);
    return { offset, length };
  }

  private view(length: number): DataView {
    const offset = this.position;
    this.take(length);
    const bytes = this.source.slice(offset, length);
    return new DataView(bytes.buffer, bytes.byteOffset, length);
  }

  private take(length: number): void {
    if (length > this.end - this.position) throw this.error(`${length} bytes are announced, but only ${this.end - this.position} remain.`);
    this.position += length;
  }

  private varintNumber(): number {
    const value = this.varint();
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw this.error(`The number ${value} is too large.`);
    return Number(value);
  }

  private varint(): bigint {
    // Seven groups of seven bits fit a double exactly; only longer numbers need 64-bit arithmetic.
    let low = 0;
    for (let i = 0, scale = 1; i < 7; i++, scale *= 128) {
      const byte = this.byte();
      low += (byte & 0x7f) * scale;
      if (byte < 128) return BigInt(low);
    }
    let value = BigInt(low);
    for (let i = 7n; i < 10n; i++) {
      const byte = this.byte();
      if (i === 9n && byte > 1) break;
      value |= BigInt(byte & 0x7f) << (7n * i);
      if (byte < 128) return value;
    }
    throw this.error('A variable-length integer is longer than 64 bits.');
  }

  private byte(): number {
    if (this.position >= this.end) throw this.error('The message ends inside a number.');
    const { bytes, start } = this.source.window(this.position);
    return bytes[this.position++ - start]!;
  }
}

const maxText = 2 ** 20;
