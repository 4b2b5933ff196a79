/** Typed reading of a JSON object that came from a file: every error names the file and the path of the field. */
import { MechanistError } from '../errors.ts';
import { isJsonMap, parseJson } from './json.ts';
import type { JsonArray, JsonLimits, JsonMap, JsonValue } from './json.ts';

/** The object at the top of a JSON text. Errors: as `parseJson`; `parse` when it is not an object. */
export function parseJsonObject(input: Uint8Array | string, limits: JsonLimits & { readonly file: string }): JsonObject {
  const value = parseJson(input, limits);
  if (!isJsonMap(value)) throw new MechanistError('parse', 'Expected a JSON object.', { file: limits.file, field: limits.field });
  return new JsonObject(value, limits.file);
}

/**
 * A view of one object. A plain accessor throws `parse` when the field is missing or of another type; an `optional`
 * one gives undefined for a missing field and for null, which configuration files use alike.
 */
export class JsonObject {
  readonly fields: JsonMap;
  readonly file: string;
  private readonly path: string;

  constructor(fields: JsonMap, file: string, path = '') {
    this.fields = fields;
    this.file = file;
    this.path = path;
  }

  has(key: string): boolean {
    return this.optional(key) !== undefined;
  }

  number(key: string): number {
    return this.required(key, this.optionalNumber(key), 'a number');
  }

  optionalNumber(key: string): number | undefined {
    return this.typed(key, isNumber, 'a number');
  }

  /** A safe integer that is not negative. */
  integer(key: string): number {
    return this.required(key, this.optionalInteger(key), 'an integer');
  }

  optionalInteger(key: string): number | undefined {
    return this.typed(key, isCount, 'an integer that is not negative');
  }

  string(key: string): string {
    return this.required(key, this.optionalString(key), 'a string');
  }

  optionalString(key: string): string | undefined {
    return this.typed(key, isString, 'a string');
  }

  boolean(key: string): boolean {
    return this.required(key, this.optionalBoolean(key), 'true or false');
  }

  optionalBoolean(key: string): boolean | undefined {
    return this.typed(key, isBoolean, 'true or false');
  }

  object(key: string): JsonObject {
    return this.required(key, this.optionalObject(key), 'an object');
  }

  optionalObject(key: string): JsonObject | undefined {
    const fields = this.typed(key, isJsonMap, 'an object');
    return fields === undefined ? undefined : new JsonObject(fields, this.file, this.fieldPath(key));
  }

  numbers(key: string): readonly number[] {
    return this.required(key, this.typed(key, isNumbers, 'an array of numbers'), 'an array of numbers');
  }

  strings(key: string): readonly string[] {
    return this.required(key, this.optionalStrings(key), 'an array of strings');
  }

  optionalStrings(key: string): readonly string[] | undefined {
    return this.typed(key, isStrings, 'an array of strings');
  }

  /** An error about a field of this object. */
  error(key: string, statement: string, hint?: string): MechanistError {
    return new MechanistError('parse', statement, { file: this.file, field: this.fieldPath(key), hint });
  }

  private typed<T extends JsonValue>(key: string, is: (value: JsonValue) => value is T, what: string): T | undefined {
    const value = this.optional(key);
    if (value !== undefined && !is(value)) throw this.error(key, `Expected ${what}.`);
    return value;
  }

  private required<T>(key: string, value: T | undefined, what: string): T {
    if (value === undefined) throw this.error(key, `The field is missing; expected ${what}.`);
    return value;
  }

  private optional(key: string): JsonValue | undefined {
    return this.fields.get(key) ?? undefined;
  }

  private fieldPath(key: string): string {
    return this.path === '' ? key : `${this.path}.${key}`;
  }
}

function isNumber(value: JsonValue): value is number {
  return typeof value === 'number';
}

function isCount(value: JsonValue): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isString(value: JsonValue): value is string {
  return typeof value === 'string';
}

function isBoolean(value: JsonValue): value is boolean {
  return typeof value === 'boolean';
}

function isNumbers(value: JsonValue): value is JsonArray & readonly number[] {
  return Array.isArray(value) && value.every(isNumber);
}

function isStrings(value: JsonValue): value is JsonArray & readonly string[] {
  return Array.isArray(value) && value.every(isString);
}
