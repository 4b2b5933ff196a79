/**
 * Strict JSON for files nobody vouches for. Differs from `JSON.parse`: caps on size, depth and count, no duplicate
 * keys, no number that overflows to infinity, no unpaired surrogates, and objects as Maps, so that a key such as
 * `__proto__` is an ordinary key and an absent key is absent.
 */
import { MechanistError } from '../errors.ts';

export type JsonValue = null | boolean | number | string | JsonArray | JsonMap;
export type JsonArray = readonly JsonValue[];
/** Members in the order of the text. */
export type JsonMap = ReadonlyMap<string, JsonValue>;

export interface JsonLimits {
  /** Size in bytes (UTF-16 units for a string), default 64 MiB. */
  readonly maxBytes?: number;
  /** Nesting of arrays and objects, default 64. */
  readonly maxDepth?: number;
  /** Number of values, nested ones included, default ten million. */
  readonly maxValues?: number;
  /** Number of objects, default one million. */
  readonly maxObjects?: number;
  /** Numbers must be written as integers without a sign: no `4.0`, `4e0`, `-0`. Default false. */
  readonly unsignedOnly?: boolean;
  /** Named in errors. */
  readonly file?: string;
  /** Part of the file, named in errors. */
  readonly field?: string;
}

/** Parses one JSON text. Errors: `parse` with the position and the keys that lead to it, `memory` above a cap. */
export function parseJson(input: Uint8Array | string, limits: JsonLimits = {}): JsonValue {
  const { maxBytes = 64 * 2 ** 20, file, field } = limits;
  if (input.length > maxBytes) {
    throw new MechanistError('memory', `The JSON text has ${input.length} bytes; at most ${maxBytes} are read.`, { file, field });
  }
  return new Parser(textOf(input, file, field), limits).document();
}

export function isJsonMap(value: JsonValue | undefined): value is JsonMap {
  return value instanceof Map;
}

function textOf(input: Uint8Array | string, file: string | undefined, field: string | undefined): string {
  if (typeof input === 'string') {
    if (unpairedSurrogate.test(input)) throw new MechanistError('parse', 'The JSON text has an unpaired surrogate.', { file, field });
    return input;
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(input);
  } catch (error) {
    throw new MechanistError('parse', 'The JSON text is not valid UTF-8.', { file, field, cause: error });
  }
}

const unpairedSurrogate = /\p{Surrogate}/u;
const numberPattern = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const unsignedPattern = /0|[1-9]\d*/y;
const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const openArray = 0x5b;
const backslash = 0x5c;
const closeArray = 0x5d;
const openObject = 0x7b;
const closeObject = 0x7d;

class Parser {
  private readonly text: string;
  private readonly limits: JsonLimits;
  /** Keys that lead to the value being read. */
  private readonly path: string[] = [];
  private at = 0;
  private depth = 0;
  private values = 0;
  private objects = 0;
  private readonly maxDepth: number;
  private readonly maxValues: number;
  private readonly maxObjects: number;

  constructor(text: string, limits: JsonLimits) {
    this.text = text;
    this.limits = limits;
    this.maxDepth = limits.maxDepth ?? 64;
    this.maxValues = limits.maxValues ?? 1e7;
    this.maxObjects = limits.maxObjects ?? 1e6;
  }

  document(): JsonValue {
    const value = this.value();
    this.space();
    if (this.at < this.text.length) throw this.error('Unexpected text after the JSON value');
    return value;
  }

  private value(): JsonValue {
    if (++this.values > this.maxValues) throw this.tooMany('values', this.maxValues);
    this.space();
    switch (this.text[this.at]) {
      case '{': return this.object();
      case '[': return this.array();
      case '"': return this.string();
      case 't': return this.word('true', true);
      case 'f': return this.word('false', false);
      case 'n': return this.word('null', null);
      default: return this.number();
    }
  }

  private object(): JsonMap {
    if (++this.objects > this.maxObjects) throw this.tooMany('objects', this.maxObjects);
    this.enter(openObject);
    const members = new Map<string, JsonValue>();
    if (!this.skip(closeObject)) {
      do {
        this.space();
        const keyAt = this.at;
        if (this.text.charCodeAt(keyAt) !== quote) throw this.error('Expected a key');
        const key = this.string();
        this.path.push(key);
        if (members.has(key)) throw this.error('Duplicate key', keyAt);
        if (!this.skip(colon)) throw this.error('Expected ":"');
        members.set(key, this.value());
        this.path.pop();
      } while (this.skip(comma));
      if (!this.skip(closeObject)) throw this.error('Expected "," or "}"');
    }
    this.depth--;
    return members;
  }

  private array(): JsonArray {
    this.enter(openArray);
    const items: JsonValue[] = [];
    if (!this.skip(closeArray)) {
      do items.push(this.value()); while (this.skip(comma));
      if (!this.skip(closeArray)) throw this.error('Expected "," or "]"');
    }
    this.depth--;
    return items;
  }

  private enter(bracket: number): void {
    if (++this.depth > this.maxDepth) throw this.error(`Nested deeper than ${this.maxDepth} levels`);
    this.skip(bracket);
  }

  private string(): string {
    const { text } = this;
    const start = this.at + 1;
    let escaped = false;
    for (let i = start; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code === quote) {
        this.at = i + 1;
        return escaped ? this.unescape(start - 1) : text.slice(start, i);
      }
      if (code < 0x20) throw this.error('Control character in a string', i);
      if (code === backslash) {
        escaped = true;
        i++;
      }
    }
    throw this.error('Unterminated string', start - 1);
  }

  /** Decodes the string literal from `start` to the current position. */
  private unescape(start: number): string {
    let value: string;
    try {
      value = JSON.parse(this.text.slice(start, this.at)) as string;
    } catch {
      throw this.error('Invalid escape in a string', start);
    }
    if (unpairedSurrogate.test(value)) throw this.error('Unpaired surrogate in a string', start);
    return value;
  }

  private number(): number {
    const pattern = this.limits.unsignedOnly === true ? unsignedPattern : numberPattern;
    pattern.lastIndex = this.at;
    const literal = pattern.exec(this.text)?.[0];
    if (literal === undefined) throw this.error(this.at < this.text.length ? 'Unexpected character' : 'The text ends too early');
    const value = Number(literal);
    if (!Number.isFinite(value)) throw this.error('Number out of range');
    this.at += literal.length;
    return value;
  }

  private word<T>(literal: string, value: T): T {
    if (!this.text.startsWith(literal, this.at)) throw this.error('Unexpected character');
    this.at += literal.length;
    return value;
  }

  /** Steps over white space, then over `code` if it comes next. */
  private skip(code: number): boolean {
    this.space();
    if (this.text.charCodeAt(this.at) !== code) return false;
    this.at++;
    return true;
  }

  private space(): void {
    for (;;) {
      const code = this.text.charCodeAt(this.at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.at++;
    }
  }

  private error(statement: string, at = this.at): MechanistError {
    const { file, field } = this.limits;
    const where = [field, ...this.path.map((key) => key.slice(0, 200))].filter((part) => part !== undefined).join(' › ');
    return new MechanistError('parse', `${statement} at offset ${at} of the JSON text.`, { file, field: where === '' ? undefined : where });
  }

  private tooMany(what: string, limit: number): MechanistError {
    const { file, field } = this.limits;
    return new MechanistError('memory', `The JSON text has more than ${limit} ${what}.`, { file, field });
  }
}
