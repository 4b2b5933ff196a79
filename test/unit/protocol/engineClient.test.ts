import { describe, expect, it, vi } from 'vitest';
import type { Ending, EngineProcess } from '../../../src/protocol/childProcess.ts';
import { EngineClient, cancelledByUser } from '../../../src/protocol/engineClient.ts';
import type { EngineClientOptions } from '../../../src/protocol/engineClient.ts';
import type { EngineState } from '../../../src/protocol/engineState.ts';
import { PeerError } from '../../../src/protocol/peer.ts';
import type { Transport } from '../../../src/protocol/peer.ts';
import { protocolVersion } from '../../../src/protocol/wire.ts';
import type { Envelope } from '../../../src/protocol/wire.ts';

/** A process in memory: says hello unless told not to, keeps what it is sent, and ends when told to. */
class FakeProcess implements EngineProcess {
  readonly pid = 1;
  readonly sent: Envelope[] = [];
  killed = false;
  disconnected = false;
  readonly ended: Promise<Ending>;
  readonly transport: Transport;
  private readonly listeners: ((message: unknown) => void)[] = [];
  private readonly closers: ((reason: string) => void)[] = [];
  private resolveEnded!: (ending: Ending) => void;

  constructor(hello: number | 'silent' = protocolVersion) {
    this.ended = new Promise((resolve) => {
      this.resolveEnded = resolve;
    });
    this.transport = {
      send: (envelope) => void this.sent.push(envelope),
      onMessage: (listener) => void this.listeners.push(listener),
      onClose: (listener) => void this.closers.push(listener),
    };
    if (hello !== 'silent') queueMicrotask(() => this.say({ kind: 'hello', version: hello }));
  }

  say(envelope: Envelope): void {
    for (const listener of this.listeners) listener(envelope);
  }

  /** Answers the latest request of a method. */
  answer(method: string, value: unknown): void {
    const request = this.requests(method).at(-1)!;
    this.say({ kind: 'result', id: request.id, value });
  }

  requests(method: string): Extract<Envelope, { kind: 'request' }>[] {
    return this.sent.filter((envelope): envelope is Extract<Envelope, { kind: 'request' }> => envelope.kind === 'request' && envelope.method === method);
  }

  end(signal: string | null, code: number | null = null): void {
    for (const closer of this.closers) closer(`ended by ${signal}`);
    this.resolveEnded({ code, signal });
  }

  disconnect(): void {
    this.disconnected = true;
    this.end(null, 0);
  }

  kill(): void {
    this.killed = true;
    this.end('SIGKILL');
  }
}

function host(make: () => FakeProcess = () => new FakeProcess(), options: Partial<EngineClientOptions> = {}) {
  const processes: FakeProcess[] = [];
  const states: EngineState[] = [];
  const client = new EngineClient({
    start: () => {
      const started = make();
      processes.push(started);
      return started;
    },
    ...options,
  });
  client.onState((state) => states.push(state));
  return { client, processes, states, kinds: () => states.map(({ kind }) => kind) };
}

function endingAtOnce(): FakeProcess {
  const process = new FakeProcess('silent');
  queueMicrotask(() => process.end(null, 7));
  return process;
}

const settled = (): Promise<void> => new Promise((resolve) => { setImmediate(resolve); });
const disconnected = (error: unknown): boolean => PeerError.is(error, 'disconnected');
const opening = { source: { kind: 'folder', path: '/models/a' } } as const;

describe('EngineClient', () => {
  it('starts nothing before its first call, one process for all, and tells its state', async () => {
    const { client, processes, kinds } = host();
    expect([client.state.kind, processes.length]).toEqual(['idle', 0]);
    const calls = [client.call('zoo.list', {}), client.call('engine.status', {})];
    await settled();
    expect(processes).toHaveLength(1);
    expect(client.state).toMatchObject({ kind: 'busy', calls: 2, silent: false });
    processes[0]!.answer('zoo.list', []);
    processes[0]!.answer('engine.status', { jobs: 0 });
    expect(await Promise.all(calls)).toEqual([[], { jobs: 0 }]);
    expect(kinds()).toEqual(['starting', 'busy', 'busy', 'ready']);
  });

  it('rejects what was running when the process ends, says what it was, and restarts once', async () => {
    let now = 0;
    const { client, processes, states } = host(undefined, { now: () => now });
    const call = client.call('text.inspect', { model: 'm', text: 'a' });
    await settled();
    processes[0]!.end('SIGSEGV');
    await expect(call).rejects.toSatisfy(disconnected);
    await settled();
    expect(states).toContainEqual({ kind: 'crashed', running: [{ method: 'text.inspect', opening: undefined }], signal: 'SIGSEGV', code: null, hung: false, restarting: true });
    expect([processes.length, client.state.kind]).toEqual([2, 'ready']);

    now = 59_999;
    processes[1]!.end(null, 134);
    await settled();
    expect(client.state).toMatchObject({ kind: 'crashed', code: 134, restarting: false });
    await expect(client.call('zoo.list', {})).rejects.toSatisfy(disconnected);
    expect(processes).toHaveLength(2);

    await client.restart();
    expect([processes.length, client.state.kind]).toEqual([3, 'ready']);
    now = 60_000;
    processes[2]!.end('SIGABRT');
    await settled();
    expect(processes).toHaveLength(4);
  });

  it('refuses the source that was being opened when the process ended, until the caller insists', async () => {
    const { client, processes } = host();
    const call = client.call('model.open', opening);
    await settled();
    processes[0]!.end('SIGSEGV');
    await expect(call).rejects.toSatisfy(disconnected);
    await settled();
    await expect(client.call('model.open', opening)).rejects.toMatchObject({ details: { reason: 'refused', file: '/models/a' }, message: expect.stringContaining('SIGSEGV') });
    expect(processes[1]!.requests('model.open')).toEqual([]);
    const other = client.call('model.open', { source: { kind: 'folder', path: '/models/b' } });
    const insisting = client.call('model.open', opening, { insist: true });
    await settled();
    const requests = processes[1]!.requests('model.open');
    expect(requests).toHaveLength(2);
    for (const { id } of requests) processes[1]!.say({ kind: 'result', id, value: { model: `m${id}` } });
    await Promise.all([other, insisting]);
    const again = client.call('model.open', opening);
    await settled();
    processes[1]!.answer('model.open', { model: 'm' });
    expect(await again).toEqual({ model: 'm' });
  });

  it.each<[string, () => FakeProcess, RegExp]>([
    ['throws', () => { throw new Error('no such file'); }, /no such file/],
    ['speaks another version', () => new FakeProcess(999), /version 999/],
    ['ends at once', () => endingAtOnce(), /ended at once \(exit code 7\)/],
  ])('explains a failed start apart from a crash when the process %s, and does not try by itself', async (_, make, why) => {
    const { client, processes } = host(make);
    await expect(client.call('zoo.list', {})).rejects.toSatisfy(disconnected);
    await settled();
    expect(client.state).toMatchObject({ kind: 'stopped', failed: true, reason: expect.stringMatching(why) });
    const started = processes.length;
    await expect(client.call('zoo.list', {})).rejects.toThrow(/could not be started/);
    expect(processes).toHaveLength(started);
  });

  it('ends a process that does not say hello in time', async () => {
    const silent = host(() => new FakeProcess('silent'), { startTimeout: 5 });
    await expect(silent.client.call('zoo.list', {})).rejects.toSatisfy(disconnected);
    await vi.waitFor(() => expect(silent.client.state.kind).toBe('stopped'));
    expect(silent.client.state).toMatchObject({ failed: true, reason: expect.stringContaining('in time') });
    expect(silent.processes[0]!.killed).toBe(true);
  });

  it('leaves a process alone that does not hear of what nobody needs any more', async () => {
    const { client, processes } = host(undefined, { hangTimeout: 5 });
    const controller = new AbortController();
    const call = client.call('text.paint', { model: 'm', text: 'a', by: { kind: 'surprise' } }, { signal: controller.signal });
    await settled();
    controller.abort();
    await expect(call).rejects.toSatisfy((error) => PeerError.is(error, 'cancelled'));
    await new Promise((resolve) => { setTimeout(resolve, 40); });
    expect([processes[0]!.killed, client.state.kind]).toEqual([false, 'ready']);
  });

  it('ends a process that does not hear a person’s cancellation, and counts it as hung', async () => {
    const { client, processes, states } = host(undefined, { hangTimeout: 5 });
    const controller = new AbortController();
    const call = client.call('text.paint', { model: 'm', text: 'a', by: { kind: 'surprise' } }, { signal: controller.signal });
    await settled();
    controller.abort(cancelledByUser);
    await expect(call).rejects.toSatisfy((error) => PeerError.is(error, 'cancelled'));
    await vi.waitFor(() => expect(states).toContainEqual(expect.objectContaining({ kind: 'crashed', hung: true })));
    expect(processes[0]!.killed).toBe(true);
  });

  it('leaves a process alone that answers after a cancellation', async () => {
    const { client, processes } = host(undefined, { hangTimeout: 20 });
    const controller = new AbortController();
    const call = client.call('zoo.list', {}, { signal: controller.signal });
    await settled();
    controller.abort();
    await expect(call).rejects.toSatisfy((error) => PeerError.is(error, 'cancelled'));
    processes[0]!.answer('engine.status', {});
    await new Promise((resolve) => { setTimeout(resolve, 60); });
    expect([processes[0]!.killed, client.state.kind]).toEqual([false, 'ready']);
  });

  it('keeps batch requests back beyond its limit, but never interactive ones', async () => {
    const { client, processes } = host(undefined, { batchLimit: 2 });
    const batch = Array.from({ length: 5 }, () => client.call('text.inspect', { model: 'm', text: 'a' }, { priority: 'batch' }));
    const interactive = client.call('zoo.list', {});
    await settled();
    const [started] = processes;
    expect(started!.requests('text.inspect')).toHaveLength(2);
    expect(started!.requests('zoo.list')).toHaveLength(1);
    started!.answer('zoo.list', []);
    const answered = new Set<number>();
    await vi.waitFor(() => {
      for (const { id } of started!.requests('text.inspect')) if (!answered.has(id)) started!.say({ kind: 'result', id, value: answered.add(id).size });
      expect(answered.size).toBe(5);
    });
    await Promise.all([...batch, interactive]);
  });

  it('reports a process that says nothing while requests wait, leaves it alone, and takes it back when it answers', async () => {
    const { client, processes, states } = host(undefined, { silence: 100 });
    const call = client.call('text.lens', { model: 'm', text: 'a', token: 0 });
    await vi.waitFor(() => expect(client.state).toMatchObject({ kind: 'busy', silent: true, running: [{ method: 'text.lens' }] }));
    processes[0]!.answer('engine.status', {});
    await settled();
    expect(client.state).toMatchObject({ kind: 'busy', silent: false });
    processes[0]!.answer('text.lens', { layers: [] });
    await call;
    expect([processes[0]!.killed, client.state.kind]).toEqual([false, 'ready']);
    expect(states.map(({ kind }) => kind)).not.toContain('crashed');
  });

  it('shuts down in order: calls reject, the process is asked to leave, nothing starts again until asked', async () => {
    const { client, processes, kinds } = host();
    const call = client.call('zoo.list', {});
    await settled();
    const down = client.shutdown();
    await expect(call).rejects.toSatisfy(disconnected);
    await down;
    expect([processes[0]!.disconnected, processes[0]!.killed, client.state.kind]).toEqual([true, false, 'stopped']);
    await expect(client.call('zoo.list', {})).rejects.toSatisfy(disconnected);
    expect(kinds()).not.toContain('crashed');
    await client.restart();
    expect([processes.length, client.state.kind]).toEqual([2, 'ready']);
  });

  it('replaces a running process on restart without calling it a crash', async () => {
    const { client, processes, kinds } = host();
    const call = client.call('zoo.list', {});
    await settled();
    const again = client.restart();
    await expect(call).rejects.toSatisfy(disconnected);
    await again;
    expect([processes.length, processes[0]!.killed, client.state.kind]).toEqual([2, true, 'ready']);
    expect(kinds()).not.toContain('crashed');
  });
});
