/** Requests of probes, against the command line and against the evidence method of the same name. */
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { runCommandLine } from '../../../src/cli/cli.ts';
import { commands } from '../../../src/cli/commands.ts';
import { openSafetensors } from '../../../src/engine/formats/safetensors.ts';
import { writeSafetensors } from '../../../src/engine/formats/safetensorsWriter.ts';
import { parseParams } from '../../../src/protocol/methods.ts';
import type { ModelSummary, Params } from '../../../src/protocol/methods.ts';
import type { ProbeSummary } from '../../../src/protocol/methods/probes.ts';
import { recordedFile } from '../../../src/evidence/inputs.ts';
import { findingsJobs } from '../../../src/server/methods/findings/jobs.ts';
import { modelOpen } from '../../../src/server/methods/modelOpen.ts';
import { probeJobs } from '../../../src/server/methods/probes/jobs.ts';
import { textPaint } from '../../../src/server/methods/textPaint.ts';
import { Session } from '../../../src/server/session.ts';
import { drain } from '../../support/engineHost.ts';
import { tinyModel, tinyZoo } from '../../support/tinyZoo.ts';

const text = 'When Mary and John went to the café 🎉, John gave a book to Mary.';
const work = mkdtempSync(join(tmpdir(), 'mechanist-probes-'));
const folder = join(work, '.mechanist', 'probes');
const labels = join(work, 'names.jsonl');
const hook = 'blocks.1.hook_resid_post';

let zoo: string;
let session: Session;
let model: ModelSummary;
let probe: ProbeSummary;

beforeAll(async () => {
  vi.stubEnv('MECHANIST_ISOLATED', '1');
  const names = ['Mary', 'John', 'Anna', 'Peter'];
  writeFileSync(labels, Array.from({ length: 24 }, (_, i) => {
    // Sides alternate by line: each name is on both.
    const name = names[Math.floor(i / 2) % 4]!;
    const line = `${i % 3 === 0 ? 'Then' : 'After that'} ${name} went to the market with a cat number ${i}.`;
    return JSON.stringify({ text: line, spans: [[line.indexOf(name), line.indexOf(name) + name.length]] });
  }).join('\n'));
  zoo = await tinyZoo();
  session = new Session({ zoo, threads: 1 });
  model = await drain(modelOpen(session, { source: { kind: 'zoo', id: tinyModel.id } }));
  probe = await train({});
});
afterAll(async () => {
  await session.close(model.model);
  vi.unstubAllEnvs();
  for (const path of [zoo, work]) rmSync(path, { recursive: true });
});

const never = new AbortController().signal;
const request = (more: object) => ({ model: model.model, hook, labels: { kind: 'file' as const, path: labels }, variable: 'label', question: 'yes', name: 'names', folder, examples: 60, ...more });
const train = (more: object): Promise<ProbeSummary> => drain(probeJobs['probe.train'](session, parseParams('probe.train', request(more)), never));
const questions = (source: Params<'probe.labels'>['labels']) => drain(probeJobs['probe.labels'](session, { model: model.model, labels: source }, never));

async function mechanist(...argv: string[]): Promise<Record<string, unknown>> {
  let written = '';
  const output = { write: (part: string) => void (written += part), note: () => undefined, colour: false };
  expect(await runCommandLine([...argv, '--threads', '1'], { commands, entry: '', output, signal: never })).toBe(0);
  return JSON.parse(written) as Record<string, unknown>;
}

describe('training', () => {
  it('saves the probe with its scores, listed with what cannot be read', async () => {
    expect(existsSync(probe.file)).toBe(true);
    expect(probe).toMatchObject({ name: 'names', hook, model: { id: tinyModel.id, hash: model.hash }, data: { name: 'names.jsonl' } });
    expect(probe.scores.auroc).toBeGreaterThan(0.8);
    writeFileSync(join(folder, 'broken.safetensors'), 'x');
    const listed = await drain(probeJobs['probe.list'](session, { folders: [folder, join(work, 'nowhere')] }, never));
    expect(listed).toEqual([{ file: join(folder, 'broken.safetensors'), problem: expect.stringContaining('broken.safetensors') as string }, { probe }]);
  });

  it('gives what the command line gives', async () => {
    const out = join(work, 'cli.safetensors');
    const written = await mechanist('train-probe', join(zoo, tinyModel.id), '--hook', hook, '--labels', labels, '--examples', '60', '--name', 'names', '--out', out);
    expect(written).toMatchObject({ scores: probe.scores, hash: probe.hash, data: probe.data });
  });

  it('gives what evidence measures on the answers that it keeps', async () => {
    const notes = join(work, 'findings');
    mkdirSync(notes);
    copyFileSync(probe.answers!, join(notes, 'names.answers.safetensors'));
    const record = await drain(findingsJobs['findings.run'](session, parseParams('findings.run', {
      method: 'probe.linear', models: [tinyModel.id], folder: notes, inputs: { labelled: recordedFile(notes, 'names.answers.safetensors') }, parameters: { hook, variable: 'answer', class: 1, examples: 60 },
    }), never));
    expect(record.value).toBeCloseTo(probe.scores.auroc, 5);
    expect(record.control!.value).toBeCloseTo(probe.scores.control.auroc, 5);
  });

  it('reports progress and leaves nothing when it is stopped', async () => {
    const stop = new AbortController();
    const job = probeJobs['probe.train'](session, parseParams('probe.train', request({ name: 'stopped' })), stop.signal);
    const first = await job.next();
    expect(first.value).toMatchObject({ stage: 'reading', done: 0 });
    stop.abort();
    await expect(drain(job)).rejects.toThrow(/Stopped/);
    expect(readdirSync(folder).some((name) => name.includes('stopped'))).toBe(false);
  });

  it.each([
    ['a name that leads elsewhere', { name: '../x' }], ['an empty name', { name: '' }], ['a name with a dot at the end', { name: 'a.' }], ['too few examples', { examples: 1 }], ['no labels', { labels: {} }], ['no hook', { hook: '' }],
    ['spans that are no pairs', { labels: { kind: 'texts', name: 'a', texts: [{ text: 'a', spans: [[1]] }] } }],
  ])('is not asked for with %s', (_, more) => {
    expect(() => parseParams('probe.train', request(more))).toThrow();
  });

  it('is refused for relative paths and folders in the void', async () => {
    await expect(train({ folder: 'probes' })).rejects.toThrow(/absolute/);
    await expect(train({ folder: join(work, 'a', 'b', 'c') })).rejects.toThrow(/no such/);
    await expect(train({ labels: { kind: 'file', path: 'names.jsonl' } })).rejects.toThrow(/absolute/);
  });
});

describe('labels', () => {
  it('say what can be asked, how often, and where', async () => {
    const { name, variables, hooks } = await questions({ kind: 'file', path: labels });
    expect(name).toBe('names.jsonl');
    expect(variables).toEqual([{ name: 'label', questions: [{ name: 'yes', positive: expect.any(Number) as number, negative: expect.any(Number) as number }] }]);
    expect(hooks).toContain(hook);
    expect(hooks.some((found) => found.endsWith('hook_pattern'))).toBe(false);
  });

  it('are selections in texts, and two files', async () => {
    const texts = ['Mary went', 'John went', 'Anna went', 'Then Mary'].map((line) => ({ text: line, spans: [[0, 4] as [number, number]] }));
    expect((await questions({ kind: 'texts', name: 'selection', texts })).variables).toHaveLength(1);
    const [yes, no] = [join(work, 'yes.txt'), join(work, 'no.txt')];
    writeFileSync(yes, 'a cat\na dog\n');
    writeFileSync(no, 'a house\na street\n');
    expect((await questions({ kind: 'classes', yes, no })).variables[0]!.questions.map((question) => question.name)).toEqual(['no', 'yes']);
  });

  it('do not come with a model of one’s own', async () => {
    await expect(questions({ kind: 'bundled' })).rejects.toThrow(/without labelled texts/);
  });
});

describe('painting by a probe', () => {
  const paint = (content: string, file = probe.file) => drain(textPaint(session, { model: model.model, text: content, by: { kind: 'probe', file } }));

  it('gives the probabilities of the command line', async () => {
    const { tokens } = await mechanist('probe', join(zoo, tinyModel.id), probe.file, text) as { tokens: { start: number; end: number; probability: number }[] };
    const { starts, ends, values, unit } = await paint(text);
    expect(unit).toBe('probability');
    expect([...starts]).toEqual(tokens.map(({ start }) => start));
    expect([...ends]).toEqual(tokens.map(({ end }) => end));
    values.forEach((value, i) => expect(value).toBeCloseTo(tokens[i]!.probability, 6));
  });

  it('reads texts longer than the context', async () => {
    const { values } = await paint(text.repeat(20));
    expect(values.every((value) => value >= 0 && value <= 1)).toBe(true);
  });

  it('is refused for a probe of another model and for what is no probe', async () => {
    const other = await changedZoo();
    const opened = await drain(modelOpen(session, { source: { kind: 'folder', path: join(other, tinyModel.id) } }));
    await expect(drain(textPaint(session, { model: opened.model, text, by: { kind: 'probe', file: probe.file } }))).rejects.toThrow(/"names" was trained on tiny/);
    await session.close(opened.model);
    rmSync(other, { recursive: true });
    await expect(paint(text, labels)).rejects.toThrow();
    await expect(paint(text, probe.answers)).rejects.toThrow(/not a probe/i);
    await expect(paint(text, 'names.safetensors')).rejects.toThrow(/absolute/);
  });
});

/** The same models, one weight of which is another. */
async function changedZoo(): Promise<string> {
  const other = await tinyZoo();
  const file = join(other, tinyModel.id, 'model.safetensors');
  const source = openSafetensors(file);
  const tensors = [...source.names()].map((name) => [name, source.read(name)] as const);
  source.close();
  (tensors[0]![1].data as Float32Array)[0]! += 1;
  writeSafetensors(file, tensors);
  return other;
}
