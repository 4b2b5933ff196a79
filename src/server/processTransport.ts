/** The child's end of the conversation with the process that forked it. */
import type { Transport } from '../protocol/peer.ts';
import type { Envelope } from '../protocol/wire.ts';

/** What is needed of Node's `process` in a forked child. */
export interface ForkedProcess {
  readonly connected?: boolean;
  send?(message: unknown, handle: undefined, options: undefined, callback: (error: Error | null) => void): boolean;
  on(event: 'message', listener: (message: unknown) => void): unknown;
  on(event: 'disconnect', listener: () => void): unknown;
}

/**
 * Progress is dropped while the channel is full: the parent reads too slowly to use it, and results and errors must
 * not queue behind it.
 */
export function processTransport(self: ForkedProcess): Transport {
  let unsent = 0;
  return {
    send(envelope: Envelope) {
      if (self.connected !== true || self.send === undefined) return;
      if (envelope.kind === 'progress' && unsent >= fullChannel) return;
      unsent++;
      self.send(envelope, undefined, undefined, () => {
        // An error here means that the parent is gone; 'disconnect' says so.
        unsent--;
      });
    },
    onMessage: (listener) => void self.on('message', listener),
    onClose: (listener) => void self.on('disconnect', () => listener('the parent process is gone')),
  };
}

/** Messages handed over but not yet written. */
const fullChannel = 16;
