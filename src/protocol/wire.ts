/**
 * What travels between two processes (host ↔ engine, host ↔ webview): the envelope, validated on receipt.
 * Methods and their parameters are defined in `methods.ts`; transports only carry envelopes.
 */
import * as v from 'valibot';

/** Raised when an envelope or a method changes incompatibly. Peers of different versions refuse each other. */
export const protocolVersion = 1;

/** An error as data. `reason` is one of the engine's reasons, or `protocol` and `internal` for faults of our own. */
export const wireErrorSchema = v.object({
  reason: v.string(),
  message: v.string(),
  file: v.optional(v.string()),
  field: v.optional(v.string()),
  hint: v.optional(v.string()),
});
export type WireError = v.InferOutput<typeof wireErrorSchema>;

const requestId = v.pipe(v.number(), v.integer(), v.minValue(1));

export const envelopeSchema = v.variant('kind', [
  v.object({ kind: v.literal('hello'), version: v.number() }),
  v.object({
    kind: v.literal('request'), id: requestId, method: v.pipe(v.string(), v.maxLength(100)), params: v.unknown(),
    priority: v.picklist(['interactive', 'batch']),
  }),
  v.object({ kind: v.literal('progress'), id: requestId, value: v.unknown() }),
  v.object({ kind: v.literal('result'), id: requestId, value: v.unknown() }),
  v.object({ kind: v.literal('error'), id: requestId, error: wireErrorSchema }),
  v.object({ kind: v.literal('cancel'), id: requestId }),
  v.object({ kind: v.literal('event'), name: v.pipe(v.string(), v.maxLength(100)), value: v.unknown() }),
]);
export type Envelope = v.InferOutput<typeof envelopeSchema>;
export type Priority = 'interactive' | 'batch';
