/**
 * The one error type of the engine. A caller can tell what went wrong (`reason`), where (`file`, `field`)
 * and what to do (`hint`) without parsing the message.
 */

/** Why an operation failed. Stable: shown in the UI, written to JSON and matched by tests. */
export type ErrorReason =
  /** A file or message does not follow its format. */
  | 'parse'
  /** A well-formed thing this build cannot handle (operator, family, storage type…). */
  | 'unsupported'
  /** An argument is outside its domain: unknown hook, wrong shape, undefined score. */
  | 'argument'
  /** Not found: file, model, tensor. */
  | 'not-found'
  /** The estimate or the data exceeds the allowed memory. */
  | 'memory'
  /** The runtime refused or failed to execute a program. */
  | 'runtime'
  /** A download or upload failed. */
  | 'network'
  /** The caller asked to stop. */
  | 'cancelled';

export interface ErrorDetails {
  /** Path or URL of the offending file. */
  readonly file?: string | undefined;
  /** Field, tensor, node or attribute inside the file. */
  readonly field?: string | undefined;
  /** One sentence: what the person can do about it. */
  readonly hint?: string | undefined;
  readonly cause?: unknown;
}

export class MechanistError extends Error {
  override readonly name = 'MechanistError';
  readonly reason: ErrorReason;
  readonly file: string | undefined;
  readonly field: string | undefined;
  readonly hint: string | undefined;
  /** The bare statement, without file, field and hint. */
  readonly statement: string;

  constructor(reason: ErrorReason, statement: string, details: ErrorDetails = {}) {
    super(describe(statement, details), details.cause === undefined ? undefined : { cause: details.cause });
    this.reason = reason;
    this.statement = statement;
    this.file = details.file;
    this.field = details.field;
    this.hint = details.hint;
  }

  /** True for a `MechanistError`, optionally of one `reason`. */
  static is(error: unknown, reason?: ErrorReason): error is MechanistError {
    return error instanceof MechanistError && (reason === undefined || error.reason === reason);
  }

  /** The same error, told with the file it happened in (the innermost file wins). */
  within(file: string): MechanistError {
    if (this.file !== undefined) return this;
    return new MechanistError(this.reason, this.statement, { file, field: this.field, hint: this.hint, cause: this.cause });
  }
}

/** Throws `cancelled` when the signal has been aborted. Call between steps of long work. */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new MechanistError('cancelled', 'Stopped on request.');
}

function describe(statement: string, { file, field, hint }: ErrorDetails): string {
  const where = [file, field].filter((part) => part !== undefined).join(' › ');
  return `${where === '' ? '' : `${where}: `}${statement}${hint === undefined ? '' : ` ${hint}`}`;
}
