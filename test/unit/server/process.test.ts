/** The engine as a real child process: what it answers, and that no end of it, however abrupt, reaches its parent. */
import { spawn } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { EngineProcess } from '../../../src/protocol/childProcess.ts';
import { EngineClient } from '../../../src/protocol/engineClient.ts';
import type { EngineState } from '../../../src/protocol/engineState.ts';
import { paramsSchemas } from '../../../src/protocol/methods.ts';
import type { EngineStatus, ModelSummary, TextInspection } from '../../../src/protocol/methods.ts';
import { Peer, PeerError } from '../../../src/protocol/peer.ts';
import { envelopeSchema } from '../../../src/protocol/wire.ts';
import { forkEngine } from '../../support/engineHost.ts';
import { tinyModel, tinyZoo } from '../../support/tinyZoo.ts';
import * as v from 'valibot';

const entry = fileURLToPath(new URL('../../../src/server/main.ts', import.meta.url));
const parentEntry = fileURLToPath(new URL('parentEntry.ts', import.meta.url));
/** Starting a process can take a while on a busy machine. */
const patient = { timeout: 30_000 };
const zooModels = fileURLToPath(new URL('../../../zoo/models', import.meta.url));

let zoo: string;
beforeAll(async () => {
  zoo = await tinyZoo();
});
afterAll(() => rmSync(zoo, { recursive: true }));

const started: EngineProcess[] = [];
afterEach(async () => {
  for (const process of started.splice(0)) {
    process.kill();
    await process.ended;
  }
});

function connect(folder = zoo) {
  let stderr = '';
  const { child, process } = forkEngine(folder, (text) => { stderr += text; });
  started.push(process);
  const peer = new Peer(process.transport, { handle: () => Promise.reject(new Error('no methods here')), describeError: () => ({ reason: 'internal', message: '' }) });
  return { child, process, peer, stderr: () => stderr };
}

const openTiny = (peer: Peer, onProgress?: () => void): Promise<ModelSummary> =>
  peer.call('model.open', { source: { kind: 'zoo', id: tinyModel.id } }, onProgress === undefined ? {} : { onProgress }) as Promise<ModelSummary>;
const status = (peer: Peer): Promise<EngineStatus> => peer.call('engine.status', {}) as Promise<EngineStatus>;
const disconnected = (error: unknown): boolean => PeerError.is(error, 'disconnected');
const long = 'The cat sat on the mat, and the dog sat on the rug. '.repeat(300);

/** Starts a call and waits until it reports progress. */
async function firstProgress<T>(start: (onProgress: () => void) => Promise<T>): Promise<{ readonly call: Promise<T> }> {
  let call!: Promise<T>;
  await new Promise<void>((resolve) => {
    call = start(resolve);
    call.catch(() => undefined);
  });
  return { call };
}

/** What Node agrees to send at all. */
const isSendable = (message: unknown): boolean => message !== null && ['object', 'string', 'number', 'boolean'].includes(typeof message);

describe('the engine process', () => {
  it('says hello, opens a model, inspects a text and tells its state', async () => {
    const { peer } = connect();
    await peer.ready;
    const stages: unknown[] = [];
    const model = await peer.call('model.open', { source: { kind: 'zoo', id: tinyModel.id } }, { onProgress: (step) => stages.push(step) }) as ModelSummary;
    expect(stages).toContainEqual(expect.objectContaining({ stage: 'weights' }));
    const { tokens } = await peer.call('text.inspect', { model: model.model, text: 'The cat sat.' }) as TextInspection;
    expect(tokens.map(({ text }) => text)).toEqual(['The', '·cat', '·sat', '.']);
    const { models, programs, jobs, memory } = await status(peer);
    expect(models).toEqual([model]);
    expect([programs, jobs]).toEqual([1, 0]);
    expect(memory).toBeGreaterThan(1e7);
    expect(await peer.call('model.close', { model: model.model })).toBeNull();
    expect(await status(peer)).toMatchObject({ models: [], programs: 0 });
  });

  it('sends colours of a document as typed arrays', async () => {
    const { peer } = connect();
    const { model } = await openTiny(peer);
    expect(await peer.call('text.paint', { model, text: 'The cat', by: { kind: 'surprise' } })).toMatchObject({ values: expect.any(Float32Array), starts: Uint32Array.of(0, 3), ends: Uint32Array.of(3, 7) });
  });

  it('answers requests that break the protocol or name nothing with typed errors', async () => {
    const { peer } = connect();
    const cases: [method: string, params: unknown, details: Record<string, unknown>][] = [
      ['model.explode', {}, { reason: 'protocol', field: 'method' }],
      ['constructor', {}, { reason: 'protocol', field: 'method' }],
      ['text.inspect', { text: 'a' }, { reason: 'protocol', field: 'model' }],
      ['text.inspect', null, { reason: 'protocol', field: 'params' }],
      ['model.open', { source: { kind: 'zoo', id: 7 } }, { reason: 'protocol', field: 'source.id' }],
      ['model.open', { source: { kind: 'folder', path: 'zoo' } }, { reason: 'argument', file: 'zoo' }],
      ['model.open', { source: { kind: 'onnx', path: '/none.onnx' } }, { reason: 'not-found', file: '/none.onnx', message: 'There is no such file or folder.' }],
    ];
    for (const [method, params, details] of cases) await expect(peer.call(method, params), method).rejects.toMatchObject({ details });
    expect((await status(peer)).jobs).toBe(0);
  });

  it('survives a thousand random messages and reports faults as data', { timeout: 120_000 }, async () => {
    const { child, peer, stderr } = connect();
    await peer.ready;
    const { model } = await openTiny(peer);
    const anything = fc.anything({ maxDepth: 4, withBigInt: true, withDate: true, withMap: true, withSet: true, withTypedArray: true, withNullPrototype: true, withSparseArray: true });
    const params = fc.oneof(
      anything,
      fc.record({ source: fc.record({ kind: fc.constantFrom('zoo', 'folder', 'onnx', 'x'), id: anything, path: fc.oneof(fc.string(), anything) }) }),
      fc.record({ model: fc.oneof(fc.constant(model), anything), text: fc.oneof(fc.string({ unit: 'binary' }), anything), token: anything, topFeatures: fc.integer(), by: anything }),
    );
    const method = fc.oneof(fc.constantFrom(...Object.keys(paramsSchemas).filter((name) => name !== 'model.close')), fc.string());
    const request = fc.record({ kind: fc.constant('request'), id: fc.integer({ min: 100, max: 1e9 }), method, params, priority: fc.constantFrom('interactive', 'batch') });
    const broken = fc.record({ kind: fc.constantFrom('request', 'result', 'error', 'progress', 'cancel', 'event', 'other'), id: anything, method: anything, value: anything, error: anything });
    const messages = fc.sample(fc.oneof(request, request, broken, anything), { numRuns: 1000, seed: 41 });
    const errors: { reason: string }[] = [];
    child.on('message', (message) => {
      const envelope = v.safeParse(envelopeSchema, message);
      if (envelope.success && envelope.output.kind === 'error') errors.push(envelope.output.error);
    });
    for (const message of messages) {
      // A hello of another version ends the conversation by design; its own test is below.
      if (isSendable(message) && (message as { kind?: unknown }).kind !== 'hello') child.send(message as object);
    }
    await vi.waitFor(async () => expect((await status(peer)).jobs).toBe(0), patient);
    expect([child.exitCode, child.signalCode]).toEqual([null, null]);
    expect(await peer.call('text.inspect', { model, text: 'still here' })).toMatchObject({ leftOut: 0 });
    expect(errors.length).toBeGreaterThan(300);
    expect([...new Set(errors.map(({ reason }) => reason))].toSorted()).not.toContain('internal');
    expect(stderr()).toContain('does not follow the protocol');
  });

  it('refuses a parent of another version and ends', async () => {
    const { child, process } = forkEngine(zoo);
    started.push(process);
    child.send({ kind: 'hello', version: 999 });
    expect(await process.ended).toMatchObject({ code: 1 });
  });

  it('ends when its parent closes the channel', async () => {
    const { process, peer } = connect();
    await peer.ready;
    process.disconnect();
    expect(await process.ended).toEqual({ code: 0, signal: null });
  });

  it('ends when its parent is killed', async () => {
    const parent = spawn(process.execPath, [parentEntry, entry], { stdio: ['ignore', 'pipe', 'inherit'] });
    const pid = await new Promise<number>((resolve) => { parent.stdout.once('data', (chunk: Buffer) => resolve(Number(chunk.toString()))); });
    const alive = (): boolean => {
      try {
        return process.kill(pid, 0);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
        throw error;
      }
    };
    expect(alive()).toBe(true);
    parent.kill('SIGKILL');
    await vi.waitFor(() => expect(alive()).toBe(false), patient);
  });
});

describe('an engine process killed', () => {
  it('before it says hello', async () => {
    const { process, peer } = connect();
    const call = openTiny(peer);
    process.kill();
    await expect(call).rejects.toSatisfy(disconnected);
    await expect(peer.ready).rejects.toSatisfy(disconnected);
  });

  it('while it loads a model', async () => {
    const { process, peer } = connect();
    const { call } = await firstProgress((onProgress) => openTiny(peer, onProgress));
    process.kill();
    await expect(call).rejects.toThrow(/SIGKILL|closed the channel/);
  });

  it('in the middle of a text', async () => {
    const { child, peer } = connect();
    const { model } = await openTiny(peer);
    const { call } = await firstProgress((onProgress) => peer.call('text.inspect', { model, text: long }, { onProgress }));
    child.kill('SIGSEGV');
    await expect(call).rejects.toSatisfy(disconnected);
    await expect(status(peer)).rejects.toSatisfy(disconnected);
  });

  it('while it is being told to stop', async () => {
    const { process, peer } = connect();
    const { model } = await openTiny(peer);
    const controller = new AbortController();
    const { call } = await firstProgress((onProgress) => peer.call('text.inspect', { model, text: long }, { onProgress, signal: controller.signal }));
    const other = peer.call('text.inspect', { model, text: long }, { priority: 'batch' });
    controller.abort();
    process.kill();
    await expect(call).rejects.toSatisfy((error) => PeerError.is(error, 'cancelled'));
    await expect(other).rejects.toSatisfy(disconnected);
    expect(peer.waiting).toBe(0);
  });

  it('is told apart by its signal, restarted once, and its model opened again only when asked', async () => {
    const states: EngineState[] = [];
    const client = new EngineClient({
      start: () => {
        const { process } = forkEngine(zoo);
        started.push(process);
        return process;
      },
    });
    client.onState((state) => states.push(state));
    const source = { kind: 'zoo', id: tinyModel.id } as const;
    const { model } = await client.call('model.open', { source });
    const { call } = await firstProgress((onProgress) => client.call('text.inspect', { model, text: long }, { onProgress }));
    process.kill(client.pid!, 'SIGABRT');
    await expect(call).rejects.toSatisfy(disconnected);
    await vi.waitFor(() => expect(client.state.kind).toBe('ready'), patient);
    expect(states.find(({ kind }) => kind === 'crashed')).toMatchObject({ signal: 'SIGABRT', running: [{ method: 'text.inspect' }], restarting: true });
    await expect(client.call('text.inspect', { model, text: 'a' })).rejects.toSatisfy((error) => PeerError.is(error, 'not-found'));

    const { call: again } = await firstProgress((onProgress) => client.call('model.open', { source }, { onProgress }));
    process.kill(client.pid!, 'SIGKILL');
    await expect(again).rejects.toSatisfy(disconnected);
    await vi.waitFor(() => expect(client.state).toMatchObject({ kind: 'crashed', restarting: false }), patient);
    await client.restart();
    await expect(client.call('model.open', { source })).rejects.toSatisfy((error) => PeerError.is(error, 'refused'));
    expect((await client.call('model.open', { source }, { insist: true })).id).toBe('tiny');
    await client.shutdown();
    expect(states.at(-1)).toMatchObject({ kind: 'stopped', failed: false });
  });
});

describe('work in the engine process', () => {
  it('lets interactive requests overtake batch requests', async () => {
    const { peer } = connect();
    const { model } = await openTiny(peer);
    const finished: string[] = [];
    const done = (name: string) => (): unknown => finished.push(name);
    const { call: b1 } = await firstProgress((onProgress) => peer.call('text.inspect', { model, text: long }, { priority: 'batch', onProgress }).then(done('b1')));
    const b2 = peer.call('text.inspect', { model, text: long }, { priority: 'batch' }).then(done('b2'));
    for (const name of ['i1', 'i2', 'i3']) await peer.call('text.inspect', { model, text: 'The cat' }).then(done(name));
    await Promise.all([b1, b2]);
    expect(finished).toEqual(['i1', 'i2', 'i3', 'b1', 'b2']);
  });

  const models: { name: string; folder: () => string; id: string }[] = [{ name: 'a random model', folder: () => zoo, id: tinyModel.id }];
  if (existsSync(join(zooModels, 'fable-4l'))) models.push({ name: 'the bundled model', folder: () => zooModels, id: 'fable-4l' });
  it.each(models)('stops soon after it is told to: $name', async ({ name, folder, id }) => {
    const { peer } = connect(folder());
    const { model } = await peer.call('model.open', { source: { kind: 'zoo', id } }) as ModelSummary;
    const latencies: number[] = [];
    for (let i = 0; i < 5; i++) {
      const controller = new AbortController();
      const { call } = await firstProgress((onProgress) => peer.call('text.inspect', { model, text: long }, { onProgress, signal: controller.signal, priority: 'batch' }));
      expect((await status(peer)).jobs).toBe(1);
      const from = performance.now();
      controller.abort();
      await expect(call).rejects.toSatisfy((error) => PeerError.is(error, 'cancelled'));
      await vi.waitFor(async () => expect((await status(peer)).jobs).toBe(0), { interval: 1 });
      latencies.push(performance.now() - from);
    }
    process.stdout.write(`cancel latency, ${name}: ${latencies.map((ms) => ms.toFixed(0)).join(', ')} ms\n`);
  });
});
