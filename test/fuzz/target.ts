/** What a fuzz target is. Each `*.fuzz.ts` exports these names; Jazzer.js calls `fuzz` alone. */
import { MechanistError } from '../../src/engine/errors.ts';

export interface FuzzTarget {
  /** Reads the input as a file of its format. Returns the typed error it ends with, if any; anything else is thrown. */
  readonly fuzz: (data: Buffer) => MechanistError | undefined;
  /** Small well-formed files of the format, together showing all of its features. */
  readonly seeds: () => readonly Uint8Array[];
  /** Makes lengths or checksums of a mutated file right again, so that reading goes on past them. */
  readonly repair?: (data: Buffer) => Buffer;
}

/** Makes `fuzz` from a reader: typed errors are results, everything else passes through. */
export function onlyTypedErrors(read: (data: Buffer) => void): FuzzTarget['fuzz'] {
  return (data) => {
    try {
      read(data);
      return undefined;
    } catch (error) {
      if (MechanistError.is(error)) return error;
      throw error;
    }
  };
}
