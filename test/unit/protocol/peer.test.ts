import { describe, expect, it, vi } from 'vitest';
import { Peer, PeerError } from '../../../src/protocol/peer.ts';
import type { IncomingCall, PeerOptions, Transport } from '../../../src/protocol/peer.ts';
import type { Envelope } from '../../../src/protocol/wire.ts';

/** Two transports joined in memory; `inject` delivers anything to the right-hand side. */
function pair() {
  const listeners: ((message: unknown) => void)[][] = [[], []];
  const closers: ((reason: string) => void)[] = [];
  const end = (own: number): Transport => ({
    send: (envelope: Envelope) => queueMicrotask(() => listeners[1 - own]!.forEach((l) => l(structuredClone(envelope)))),
    onMessage: (l) => listeners[own]!.push(l),
    onClose: (l) => closers.push(l),
  });
  return { left: end(0), right: end(1), inject: (m: unknown) => listeners[1]!.forEach((l) => l(m)), drop: (why: string) => closers.forEach((c) => c(why)) };
}

const describeError: PeerOptions['describeError'] = (error) => ({ reason: 'internal', message: error instanceof Error ? error.message : 'unknown' });

function connect(handle: (call: IncomingCall) => Promise<unknown>, extra: Partial<PeerOptions> = {}) {
  const wires = pair();
  const server = new Peer(wires.right, { handle, describeError, ...extra });
  const client = new Peer(wires.left, { handle: () => Promise.reject(new Error('no methods here')), describeError });
  return { client, server, ...wires };
}

describe('Peer', () => {
  it('answers requests, reports progress and keeps typed arrays', async () => {
    const { client } = connect((call) => {
      call.progress(1);
      call.progress(2);
      return Promise.resolve({ echo: call.params, data: Float32Array.of(1, 2) });
    });
    await client.ready;
    const steps: unknown[] = [];
    const result = await client.call('echo', { a: 1 }, { onProgress: (v) => steps.push(v) });
    expect(result).toEqual({ echo: { a: 1 }, data: Float32Array.of(1, 2) });
    expect(steps).toEqual([1, 2]);
  });

  it('carries errors across', async () => {
    const { client } = connect(() => Promise.reject(new Error('broken weights')));
    await expect(client.call('x', null)).rejects.toMatchObject({ message: 'broken weights', details: { reason: 'internal' } });
  });

  it('releases a cancelled caller at once and tells the other side', async () => {
    const aborted = vi.fn();
    const { client } = connect((call) => new Promise((_, reject) => call.signal.addEventListener('abort', () => {
      aborted();
      reject(new Error('late'));
    })));
    const controller = new AbortController();
    const call = client.call('slow', null, { signal: controller.signal });
    await Promise.resolve();
    controller.abort();
    await expect(call).rejects.toSatisfy((e) => PeerError.is(e, 'cancelled'));
    await vi.waitFor(() => expect(aborted).toHaveBeenCalledOnce());
    expect(client.waiting).toBe(0);
  });

  it('rejects every waiting caller when the transport closes, and later calls too', async () => {
    const { client, drop } = connect(() => new Promise(() => undefined));
    const calls = [client.call('a', null), client.call('b', null)];
    drop('the process ended');
    for (const call of calls) await expect(call).rejects.toSatisfy((e) => PeerError.is(e, 'disconnected'));
    await expect(client.call('c', null)).rejects.toThrow(/the process ended/);
  });

  it.each([null, 7, 'text', {}, { kind: 'request' }, { kind: 'request', id: -1, method: 'x', params: 0, priority: 'interactive' }, { kind: 'nonsense', id: 1 }])(
    'drops and reports an envelope that breaks the protocol: %j', async (message) => {
      const onViolation = vi.fn();
      const handle = vi.fn(() => Promise.resolve('fine'));
      const { client, inject } = connect(handle, { onViolation });
      inject(message);
      expect(onViolation).toHaveBeenCalledOnce();
      expect(await client.call('still', null)).toBe('fine');
      expect(handle).toHaveBeenCalledOnce();
    });

  it('refuses a peer of another version', async () => {
    const { server, inject } = connect(() => Promise.resolve(null));
    inject({ kind: 'hello', version: 999 });
    await expect(server.ready).rejects.toThrow(/version 999/);
  });

  it('delivers events', async () => {
    const onEvent = vi.fn();
    const { client } = connect(() => Promise.resolve(null), { onEvent });
    client.emit('state', { busy: true });
    await vi.waitFor(() => expect(onEvent).toHaveBeenCalledWith('state', { busy: true }));
  });
});
