/** Typed reading of a configuration object that came from a file: every error names file and field. */
import { MechanistError } from '../../errors.ts';

export class Settings {
  readonly file: string;
  private readonly fields: ReadonlyMap<string, unknown>;
  private readonly path: string;

  /** `value` is a Map from names to values. Errors: `parse` when it is not. */
  constructor(file: string, value: unknown, path = '') {
    if (!(value instanceof Map)) throw new MechanistError('parse', 'Expected an object.', { file, field: path === '' ? undefined : path });
    this.file = file;
    this.path = path;
    this.fields = value as ReadonlyMap<string, unknown>;
  }

  /** The raw field. */
  value(name: string): unknown {
    return this.fields.get(name);
  }

  has(name: string): boolean {
    return this.fields.has(name);
  }

  /** A positive integer; required. */
  integer(name: string): number {
    return this.optionalInteger(name) ?? this.fail(name, 'This field is missing.');
  }

  optionalInteger(name: string): number | undefined {
    const value = this.present(name);
    if (value === undefined) return undefined;
    return Number.isSafeInteger(value) && (value as number) >= 1 ? (value as number) : this.fail(name, 'Expected a positive integer.');
  }

  /** A finite number; required. */
  number(name: string): number {
    const value = this.present(name);
    return typeof value === 'number' && Number.isFinite(value) ? value : this.fail(name, 'Expected a number.');
  }

  string(name: string, fallback: string): string {
    return this.optionalString(name) ?? fallback;
  }

  optionalString(name: string): string | undefined {
    const value = this.present(name);
    if (value === undefined) return undefined;
    return typeof value === 'string' ? value : this.fail(name, 'Expected a string.');
  }

  boolean(name: string, fallback: boolean): boolean {
    const value = this.present(name);
    if (value === undefined) return fallback;
    return typeof value === 'boolean' ? value : this.fail(name, 'Expected true or false.');
  }

  /** A nested object, or undefined. */
  section(name: string): Settings | undefined {
    const value = this.present(name);
    return value === undefined ? undefined : new Settings(this.file, value, this.at(name));
  }

  /** Everything, as plain data. */
  values(): Record<string, unknown> {
    return plain(this.fields) as Record<string, unknown>;
  }

  /** The fields of these names that are present and not null. */
  pick(names: readonly string[]): Record<string, unknown> {
    return Object.fromEntries(names.filter((name) => this.present(name) !== undefined).map((name) => [name, plain(this.fields.get(name))]));
  }

  /** A copy with some fields replaced. */
  with(replaced: ReadonlyMap<string, unknown>): Settings {
    return new Settings(this.file, new Map([...this.fields, ...replaced]), this.path);
  }

  private present(name: string): unknown {
    return this.fields.get(name) ?? undefined;
  }

  private fail(name: string, statement: string): never {
    throw new MechanistError('parse', statement, { file: this.file, field: this.at(name) });
  }

  private at(name: string): string {
    return this.path === '' ? name : `${this.path}.${name}`;
  }
}

/** Maps as objects, all the way down. `Object.fromEntries` defines own properties, so no name is special. */
function plain(value: unknown): unknown {
  if (value instanceof Map) return Object.fromEntries([...value].map(([name, inner]) => [name, plain(inner)]));
  return Array.isArray(value) ? value.map(plain) : value;
}
