/** What of a thrown value crosses to the other process. */
import { MechanistError } from '../engine/errors.ts';
import { PeerError } from '../protocol/peer.ts';
import type { WireError } from '../protocol/wire.ts';

/** Anything but our own errors is a fault of this program: `internal`, with its stack for the log left behind. */
export function describeError(error: unknown): WireError {
  if (PeerError.is(error)) return error.details;
  if (MechanistError.is(error)) {
    const { reason, statement, file, field, hint } = error;
    return {
      reason, message: statement,
      ...(file === undefined ? {} : { file }), ...(field === undefined ? {} : { field }), ...(hint === undefined ? {} : { hint }),
    };
  }
  return { reason: 'internal', message: error instanceof Error ? `${error.name}: ${error.message}` : 'Something other than an error was thrown.' };
}

/** A request that breaks the protocol. */
export function protocolError(message: string, field?: string): PeerError {
  return new PeerError({ reason: 'protocol', message, ...(field === undefined ? {} : { field }) });
}
