/** Reading the body of an answer without losing what arrived before the connection broke. */
import { throwIfCancelled } from '../../errors.ts';
import { causeOf, TransientError } from './request.ts';
import type { Connection } from './request.ts';

/**
 * The chunks of an answer. Reading starts at once and runs ahead of the consumer, because a stream that breaks throws
 * away what it holds: what arrived before the break is handed out, then the failure.
 * Errors: `cancelled`; `TransientError` when the connection breaks or stalls.
 */
export function bodyOf(connection: Connection, response: Response, url: string): AsyncIterable<Uint8Array> {
  const arrived: Uint8Array[] = [];
  let waiting = 0;
  let stopped = false;
  let changed = new Signal();
  const tell = (): void => {
    changed.fire();
    changed = new Signal();
  };
  const reading = (async (): Promise<void> => {
    const reader = response.body?.getReader();
    if (reader === undefined) return;
    try {
      while (!stopped) {
        const { done, value } = await withinPatience(reader.read());
        if (done) return;
        arrived.push(value);
        waiting += value.length;
        tell();
        while (waiting > furthestAhead && !stopped) await changed.fired;
      }
    } finally {
      await reader.cancel().catch(() => undefined);
    }
  })();
  let ended = false;
  let failure: unknown;
  reading.catch((error: unknown) => { failure = error; }).finally(() => {
    ended = true;
    tell();
  });
  return (async function* () {
    try {
      for (;;) {
        throwIfCancelled(connection.signal);
        const chunk = arrived.shift();
        if (chunk !== undefined) {
          waiting -= chunk.length;
          tell();
          yield chunk;
        } else if (!ended) {
          await changed.fired;
        } else if (failure === undefined) {
          return;
        } else {
          throw new TransientError(`The connection broke (${causeOf(failure)}).`, url, failure);
        }
      }
    } finally {
      stopped = true;
      tell();
    }
  })();
}

/** Bytes that may wait for the consumer. */
const furthestAhead = 4 * 2 ** 20;

class Signal {
  fire: () => void = () => undefined;
  readonly fired = new Promise<void>((resolve) => { this.fire = resolve; });
}

/** Milliseconds without a byte after which a connection counts as broken. */
const patience = 30_000;

async function withinPatience<T>(reading: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const stalled = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no data for ${patience / 1000} s`)), patience);
  });
  try {
    return await Promise.race([reading, stalled]);
  } finally {
    clearTimeout(timer);
  }
}
