/** Typed access to a model's config.json. Null counts as absent unless an accessor says otherwise. */
import { MechanistError } from '../../errors.ts';
import { isJsonMap } from '../../formats/json.ts';
import type { JsonMap, JsonValue } from '../../formats/json.ts';

/** Sizes beyond this are no model: they would only make allocations fail later. */
const largestSize = 2 ** 24;

/** Every accessor throws `parse`, naming file and field, for a value of another type, or for a missing one without default. */
export class ConfigReader {
  readonly file: string;
  readonly json: JsonMap;
  private readonly path: string;

  constructor(file: string, json: JsonMap, path = '') {
    this.file = file;
    this.json = json;
    this.path = path;
  }

  has(name: string): boolean {
    return this.value(name) !== undefined;
  }

  /** A positive size. */
  size(name: string, fallback?: number): number {
    const value = this.typed(name, 'number', fallback);
    if (!Number.isInteger(value) || value <= 0 || value > largestSize) this.fail(name, `A whole number from 1 to ${largestSize} is expected, not ${value}.`);
    return value;
  }

  /** A whole number, possibly 0 or negative. */
  integer(name: string, fallback?: number): number {
    const value = this.typed(name, 'number', fallback);
    if (!Number.isSafeInteger(value)) this.fail(name, `A whole number is expected, not ${value}.`);
    return value;
  }

  /** A number above 0. */
  positive(name: string, fallback?: number): number {
    const value = this.typed(name, 'number', fallback);
    if (!(value > 0)) this.fail(name, `A number above 0 is expected, not ${value}.`);
    return value;
  }

  /** A size that null switches off. */
  sizeOrNull(name: string, fallback: number): number | undefined {
    return this.json.get(name) === null ? undefined : this.size(name, fallback);
  }

  /** A number above 0 that null switches off. */
  positiveOrNull(name: string, fallback: number): number | undefined {
    return this.json.get(name) === null ? undefined : this.positive(name, fallback);
  }

  string(name: string, fallback?: string): string {
    return this.typed(name, 'string', fallback);
  }

  flag(name: string, fallback?: boolean): boolean {
    return this.typed(name, 'boolean', fallback);
  }

  strings(name: string): readonly string[] {
    const value = this.value(name) ?? [];
    if (!Array.isArray(value) || !value.every((entry): entry is string => typeof entry === 'string')) return this.fail(name, 'A list of strings is expected.');
    return value;
  }

  /** The raw value, for the few fields with a structure of their own. */
  value(name: string): JsonValue | undefined {
    return this.json.get(name) ?? undefined;
  }

  /** A nested object; empty when absent. */
  section(name: string): ConfigReader {
    const value = this.value(name) ?? new Map<string, JsonValue>();
    if (!isJsonMap(value)) return this.fail(name, 'An object is expected.');
    return new ConfigReader(this.file, value, `${this.path}${name}.`);
  }

  /** Refuses the value of a field. */
  unsupported(name: string, statement: string): never {
    throw new MechanistError('unsupported', statement, { file: this.file, field: `${this.path}${name}` });
  }

  fail(name: string, statement: string): never {
    throw new MechanistError('parse', statement, { file: this.file, field: `${this.path}${name}` });
  }

  private typed(name: string, type: 'number', fallback?: number): number;
  private typed(name: string, type: 'string', fallback?: string): string;
  private typed(name: string, type: 'boolean', fallback?: boolean): boolean;
  private typed(name: string, type: string, fallback?: JsonValue): JsonValue {
    const value = this.value(name) ?? fallback;
    if (value === undefined) return this.fail(name, 'This field is missing.');
    if (typeof value !== type) return this.fail(name, `A ${type} is expected.`);
    return value;
  }
}
