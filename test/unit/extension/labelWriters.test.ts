/** Labels through language models: the questions reach the one that was chosen, refusals are told, and it can be cancelled at any time. */
import { afterEach, describe, expect, it } from 'vitest';
import { chatModelWriter } from '../../../src/extension/labels/chatModels.ts';
import type { ChatModel } from '../../../src/extension/labels/chatModels.ts';
import { endpointWriter } from '../../../src/extension/labels/endpointWriter.ts';
import { writeLabel } from '../../../src/extension/labels/writeLabel.ts';
import type { EnginePort } from '../../../src/extension/process/enginePort.ts';
import type { WritingStep } from '../../../src/protocol/methods/labelResults.ts';
import type { PeerError } from '../../../src/protocol/peer.ts';
import { loopbackChat } from '../../support/loopbackChat.ts';
import { english } from './fakes.ts';

const score = { detection: 0.9, wrongLabel: 0.5, shuffled: 0.5, fuzzing: 0.9, fuzzingWrongLabel: 0.5, byBin: [], examples: 4 };
const never = new AbortController().signal;

/** An engine that asks for a label, then two judgements, and returns what it was told. */
function engine(): { port: EnginePort; replies: () => readonly string[] } {
  let told: readonly string[] = [];
  const port = {
    call: (_method: string, { replies }: { replies: readonly string[] }): Promise<WritingStep> => {
      told = replies;
      if (replies.length === 0) return Promise.resolve({ kind: 'ask', stage: 'label', prompts: ['what?'], of: 3 });
      if (replies.length === 1) return Promise.resolve({ kind: 'ask', stage: 'judge', prompts: ['fits?', 'wrong?'], of: 3 });
      return Promise.resolve({ kind: 'done', label: replies[0]!, score, answers: { label: [1], wrong: [0] }, wrong: 'other', unanswered: 0 });
    },
  } as unknown as EnginePort;
  return { port, replies: () => told };
}

const asked = { model: 'm', dictionary: 'd', feature: 3 };

function chatModel(send: ChatModel['send'], name = 'Model A'): ChatModel {
  return { name, vendor: 'tests', family: 'fake', send };
}

async function* pieces(...texts: string[]): AsyncGenerator<string> {
  for (const text of texts) yield await Promise.resolve(text);
}

describe('with a language model of VS Code', () => {
  it('every question is answered in turn, and the label comes with its writer and score', async () => {
    const prompts: string[] = [];
    const writer = await chatModelWriter([chatModel((prompt) => { prompts.push(prompt); return Promise.resolve(pieces('re: ', prompt)); }), chatModel(() => Promise.reject(new Error('not this one')), 'Model B')], (models) => Promise.resolve(models[0]), english);
    const { port, replies } = engine();
    const progress: unknown[] = [];
    const found = await writeLabel(port, asked, writer, { signal: never, onProgress: (value) => progress.push(value) });
    expect(found).toEqual({ label: 're: what?', writer: 'Model A', score, answers: { label: [1], wrong: [0] }, wrong: 'other', unanswered: 0 });
    expect(prompts).toEqual(['what?', 'fits?', 'wrong?']);
    expect(replies()).toEqual(['re: what?', 're: fits?', 're: wrong?']);
    expect(progress).toEqual([{ stage: 'label', done: 0, of: 3 }, { stage: 'judge', done: 1, of: 3 }, { stage: 'judge', done: 2, of: 3 }]);
  });

  it('none to choose, and a user who chooses none, are told apart', async () => {
    await expect(chatModelWriter([], () => Promise.resolve(undefined), english)).rejects.toMatchObject({ details: { reason: 'not-found', message: 'VS Code offers no language model.' } });
    await expect(chatModelWriter([chatModel(() => Promise.resolve(pieces('x')))], () => Promise.resolve(undefined), english)).rejects.toMatchObject({ details: { reason: 'cancelled' } });
  });

  it.each([
    ['NoPermissions', 'permission', /may not use Model A/], ['Blocked', 'network', /refuses to answer now.*quota used up/], ['NotFound', 'not-found', /is not there any more/], ['Unknown', 'network', /has not answered: quota used up/],
  ])('a refusal with %s is told as %s', async (code, reason, message) => {
    const writer = await chatModelWriter([chatModel(() => Promise.reject(Object.assign(new Error('quota used up'), { code })))], ([first]) => Promise.resolve(first), english);
    const failure = await writer.answer('x', never).catch((error: unknown) => error);
    expect(failure).toMatchObject({ details: { reason } });
    expect((failure as PeerError).message).toMatch(message);
  });

  it('an answer without end is cut, and its model told to stop', async () => {
    let stopped = false;
    async function* endless(signal: AbortSignal): AsyncGenerator<string> {
      signal.addEventListener('abort', () => { stopped = true; });
      for (;;) yield await Promise.resolve('x'.repeat(1000));
    }
    const writer = await chatModelWriter([chatModel((_, signal) => Promise.resolve(endless(signal)))], ([first]) => Promise.resolve(first), english);
    expect(await writer.answer('x', never)).toHaveLength(20_000);
    expect(stopped).toBe(true);
  });

  it('is cancelled between questions and within one', async () => {
    const stop = new AbortController();
    const writer = await chatModelWriter([chatModel((prompt) => { if (prompt === 'fits?') stop.abort(); return Promise.resolve(pieces('x')); })], ([first]) => Promise.resolve(first), english);
    await expect(writeLabel(engine().port, asked, writer, { signal: stop.signal, onProgress: () => undefined })).rejects.toMatchObject({ details: { reason: 'cancelled' } });
    const hanging = await chatModelWriter([chatModel((_, signal) => new Promise((_resolve, reject) => { signal.addEventListener('abort', () => reject(new Error('aborted'))); }))], ([first]) => Promise.resolve(first), english);
    const later = new AbortController();
    const answer = hanging.answer('x', later.signal);
    later.abort();
    await expect(answer).rejects.toMatchObject({ details: { reason: 'cancelled' } });
  });
});

describe('from the local endpoint', () => {
  const open: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const server of open.splice(0)) await server.close();
  });

  it('questions go to the server of the settings, and its model is the writer', async () => {
    const server = await loopbackChat((prompt) => `re: ${prompt}`);
    open.push(server);
    const { port } = engine();
    const found = await writeLabel(port, asked, await endpointWriter(server.url, '', never), { signal: never, onProgress: () => undefined });
    expect(found).toMatchObject({ label: 're: what?', writer: 'tiny-model' });
    expect(server.asked).toEqual(['what?', 'fits?', 'wrong?']);
  });

  it.each([
    ['', 'argument', 'mechanist.labels.endpoint'], ['https://example.org/v1', 'argument', 'endpoint'], ['http://127.0.0.1:1/v1', 'network', undefined],
  ])('%j is refused or fails with a reason', async (url, reason, field) => {
    await expect(endpointWriter(url, '', never)).rejects.toMatchObject({ details: { reason, ...(field === undefined ? {} : { field }) } });
  });
});
