/** The semantic view's requests, from a person's texts to cards, effects and labels, against the command line where it computes the same. */
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { runCommandLine } from '../../../src/cli/cli.ts';
import { commands } from '../../../src/cli/commands.ts';
import { MechanistError } from '../../../src/engine/errors.ts';
import { openSafetensors } from '../../../src/engine/formats/safetensors.ts';
import { parseParams } from '../../../src/protocol/methods.ts';
import type { MethodName, ModelSummary, Params, Results } from '../../../src/protocol/methods.ts';
import type { LabellingProgress } from '../../../src/protocol/methods/labelResults.ts';
import type { FeatureTable, HarvestProgress, StoreSummary } from '../../../src/protocol/methods/semanticResults.ts';
import { jobs } from '../../../src/server/methods.ts';
import type { JobName } from '../../../src/server/methods.ts';
import { Session } from '../../../src/server/session.ts';
import { passagesIn } from '../../support/loopbackChat.ts';
import { tinyModel, tinyZoo } from '../../support/tinyZoo.ts';

const folder = mkdtempSync(join(tmpdir(), 'mechanist-semantic-'));
const texts = join(folder, 'texts');
const stores = join(folder, 'stores');
let zoo: string;
let session: Session;
let model: ModelSummary;
let store: StoreSummary;
const progress: HarvestProgress[] = [];

beforeAll(async () => {
  vi.stubEnv('MECHANIST_ISOLATED', '1');
  for (const path of [texts, stores]) mkdirSync(path);
  const names = ['Mary', 'John', 'Anna', 'Tom'];
  writeFileSync(join(texts, 'a.txt'), Array.from({ length: 300 }, (_, i) => `${names[i % 4]} went to the market and ${names[(i * 7 + 1) % 4]} gave ${i} books to her.\n`).join(''));
  writeFileSync(join(texts, 'b.py'), 'def f(x, y):\n    return [x, (y)]\n'.repeat(60));
  zoo = await tinyZoo();
  session = new Session({ zoo, threads: 1 });
  model = await ask('model.open', { source: { kind: 'zoo', id: tinyModel.id } });
  store = await ask('semantic.harvest', { ...target(), corpus: { kind: 'files', paths: [texts] }, folder: stores, contextLength: 32 }, (value) => progress.push(value as HarvestProgress));
});
afterAll(async () => {
  await session.close(model.model);
  vi.unstubAllEnvs();
  for (const path of [zoo, folder]) rmSync(path, { recursive: true });
});

const target = (): { model: string; dictionary: string } => ({ model: model.model, dictionary: model.dictionaries[0]!.dictionary });

async function ask<M extends JobName & MethodName>(method: M, params: Params<M>, heard: (value: unknown) => void = () => undefined): Promise<Results[M]> {
  const job = jobs[method](session, parseParams(method, params) as never, new AbortController().signal);
  for (;;) {
    const step = await job.next();
    if (step.done === true) return step.value;
    heard(step.value);
  }
}

const table = (params: Partial<Params<'semantic.features'>> = {}): Promise<FeatureTable> => ask('semantic.features', { ...target(), ...params });

/** A feature that fires on a text, and where. */
async function firing(text: string): Promise<{ feature: number; token: number; value: number }> {
  const { rows } = await ask('semantic.searchText', { ...target(), selection: text, count: 3 });
  const painted = await ask('text.paint', { model: model.model, text, by: { kind: 'feature', dictionary: target().dictionary, feature: rows[0]!.feature } });
  const token = painted.values.findIndex((value) => value > 0);
  return { feature: rows[0]!.feature, token, value: painted.values[token]! };
}

test('a harvest of files reports progress and is found again', async () => {
  expect(progress.map(({ stage }) => stage)).toEqual(expect.arrayContaining(['reading', 'running', 'summarizing']));
  expect(store).toMatchObject({ complete: true, bundled: false, features: tinyModel.latents, corpus: { contextLength: 32, labelled: false } });
  expect(await ask('semantic.stores', { ...target(), folders: [stores] })).toEqual([store]);
  expect(await ask('semantic.harvest', { ...target(), corpus: { kind: 'files', paths: [texts] }, folder: stores, contextLength: 32 })).toEqual(store);
});

describe('the table', () => {
  test('pages through all features in the order asked for', async () => {
    const all = await table({ sort: { by: 'density', descending: true }, limit: 1000 });
    expect(all).toMatchObject({ total: tinyModel.latents, unfiltered: tinyModel.latents });
    const densities = all.rows.map(({ density }) => density);
    expect(densities).toEqual(densities.toSorted((a, b) => b - a));
    // Nothing has a score yet: then the order is that of frequency.
    expect((await table({ sort: { by: 'detection', descending: true }, limit: 1000 })).rows).toEqual(all.rows);
    const page = await table({ sort: { by: 'density', descending: true }, offset: 10, limit: 5 });
    expect(page.rows).toEqual(all.rows.slice(10, 15));
    expect(all.rows.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 6);
  });

  test('filters and searches', async () => {
    const all = (await table({ limit: 1000 })).rows;
    expect((await table({ filter: { minDensity: 0.05 }, limit: 1000 })).rows).toEqual(all.filter(({ density }) => density >= 0.05));
    expect((await table({ filter: { dead: true }, limit: 1000 })).total).toBe(all.filter(({ density }) => density === 0).length);
    expect((await table({ filter: { features: [3, 5] } })).rows.map(({ feature }) => feature)).toEqual([3, 5]);
    expect((await table({ search: '#7' })).rows.map(({ feature }) => feature)).toEqual([7]);
    const word = all.find(({ topTokens }) => topTokens.length > 0)!.topTokens[0]!;
    expect((await table({ search: word.toUpperCase(), limit: 1000 })).rows.length).toBeGreaterThan(0);
    expect((await table({ grades: [{ feature: 4, grade: 2 }], filter: { minGrade: 1 } })).rows).toEqual([expect.objectContaining({ feature: 4, grade: 2 })]);
  });
});

test('a card shows examples with their place in a file, and every control', async () => {
  const { feature } = await firing('Mary went to the market');
  const card = await ask('semantic.feature', { ...target(), feature });
  expect(card.subject).toBe(`mechanist:feature/${tinyModel.id}/${model.dictionaries[0]!.id}/${feature}`);
  expect(card.histogram.counts.reduce((a, b) => a + b, 0)).toBe(card.fired);
  expect(card.histogram.zeros).toBe(card.tokens - card.fired);
  const [top] = card.bands;
  expect(top!.kind).toBe('top');
  for (const { tokens, values, peak, origin } of top!.examples) {
    expect(values).toHaveLength(tokens.length);
    expect(values[peak]).toBeGreaterThan(0);
    expect(origin!.file.startsWith(texts)).toBe(true);
    expect(origin!.end).toBeGreaterThan(origin!.start);
  }
  expect(card.bands.at(-1)!.kind).toBe('zero');
  expect(card.logits!.random).toBeGreaterThan(0);
  expect(card.randomCosine).toBeGreaterThan(0);
  expect(card.read.length).toBeGreaterThan(0);
  for (const { weight, random } of [...card.read, ...card.written]) expect(weight > 0 && random > 0).toBe(true);
});

test('similar features, by feature, direction and token', async () => {
  const by = await ask('semantic.similar', { ...target(), to: { kind: 'feature', feature: 2 }, count: 5 });
  expect(by.rows.map(({ cosine }) => cosine)).toEqual(by.rows.map(({ cosine }) => cosine).toSorted((a, b) => b - a));
  expect(by.rows.some(({ feature }) => feature === 2)).toBe(false);
  const token = await ask('semantic.similar', { ...target(), to: { kind: 'token', token: ' the' }, count: 3 });
  expect(token.rows).toHaveLength(3);
  await expect(ask('semantic.similar', { ...target(), to: { kind: 'direction', values: [1, 2] } })).rejects.toMatchObject({ reason: 'argument' });
});

test('a map has a point for every feature that fires, beside a random one', async () => {
  const found = await ask('semantic.map', target());
  expect(found.features.length).toBe(store.alive);
  expect([found.points.length, found.random.length]).toEqual([2 * store.alive, 2 * store.alive]);
  for (const value of [...found.points, ...found.random]) expect(Math.abs(value)).toBeLessThanOrEqual(1 + 1e-6);
  expect(await ask('semantic.map', target())).toEqual(found);
});

test('search by text compares with another text, with a null', async () => {
  const { rows, tokens } = await ask('semantic.searchText', { ...target(), selection: 'Mary gave the books to Mary. Mary!', other: 'def f(x): return [x]', count: 5 });
  expect(tokens.selection).toBeGreaterThan(5);
  for (const { here, there, p } of rows) expect(here - there).toBeLessThanOrEqual(rows[0]!.here - rows[0]!.there + (p! < 0 ? 1 : 0));
  for (const { p } of rows) expect(p! > 0 && p! <= 1).toBe(true);
});

describe('effects', () => {
  const text = 'Mary went to the market and John gave';

  test('are those of the command line’s interventions', async () => {
    const { feature, token, value } = await firing(text);
    for (const action of [{ kind: 'ablate' as const }, { kind: 'clamp' as const, value: 3 * value }]) {
      const found = await ask('semantic.effect', { ...target(), feature, text, action, positions: [token], continuation: 0 });
      const out = join(folder, `${action.kind}.safetensors`);
      const output = { write: () => undefined, note: () => undefined, colour: false };
      const argv = ['run', join(zoo, tinyModel.id), '--text', text, '--dict', model.dictionaries[0]!.source, '--intervene', found.interventions, '--out', out, '--threads', '1'];
      expect(await runCommandLine(argv, { commands, entry: '', output, signal: new AbortController().signal })).toBe(0);
      const source = openSafetensors(out);
      const { dims, data } = source.readFloat32('logits');
      source.close();
      const last = Array.from(data.subarray(data.length - dims.at(-1)!));
      const total = last.reduce((sum, logit) => sum + Math.exp(logit), 0);
      for (const { id, changed } of found.next) expect(Math.abs(changed - Math.exp(last[id]!) / total)).toBeLessThanOrEqual(1e-5);
      expect(found.norm).toBeGreaterThan(0);
    }
  });

  test('clamping to the current value changes nothing; the random direction is always there', async () => {
    const { feature, token, value } = await firing(text);
    const found = await ask('semantic.effect', { ...target(), feature, text, action: { kind: 'clamp', value }, positions: [token], continuation: 3 });
    for (const { default: before, changed, random } of found.next) {
      expect(Math.abs(changed - before)).toBeLessThanOrEqual(1e-5);
      expect(Math.abs(random - before)).toBeLessThanOrEqual(1e-5);
    }
    expect(found.changed.continuation).toBe(found.default.continuation);
  });

  test('loss changes come with those of a random direction, on examples and on texts', async () => {
    const { feature } = await firing(text);
    const { bands } = await ask('semantic.feature', { ...target(), feature });
    const contexts = bands[0]!.examples.slice(0, 2).map(({ context }) => context);
    const found = await ask('semantic.lossEffect', { ...target(), feature, on: { kind: 'contexts', contexts } });
    expect(found.rows.map(({ context }) => context)).toEqual(contexts);
    expect(found.rows[0]!.random).toHaveLength(found.rows[0]!.delta.length);
    const own = await ask('semantic.lossEffect', { ...target(), feature, on: { kind: 'text', text } });
    expect(own.rows[0]!.tokens.length).toBe(own.rows[0]!.delta.length);
  });
});

test('what is not there is a typed error', async () => {
  const cases: (() => Promise<unknown>)[] = [
    () => ask('semantic.feature', { ...target(), feature: 9999 }),
    () => ask('semantic.feature', { ...target(), feature: 0, store: join(folder, 'nowhere') }),
    () => ask('semantic.features', { ...target(), dictionary: model.dictionaries[1]!.dictionary }),
    () => ask('semantic.features', { ...target(), dictionary: model.dictionaries[1]!.dictionary, store: store.store }),
    () => ask('semantic.effect', { ...target(), feature: 9999, text: 'a', action: { kind: 'ablate' } }),
    () => ask('semantic.lossEffect', { ...target(), feature: 0, on: { kind: 'contexts', contexts: [100_000] } }),
    () => ask('semantic.harvest', { ...target(), corpus: { kind: 'bundled' }, folder: stores }),
  ];
  for (const failing of cases) await expect(failing()).rejects.toBeInstanceOf(MechanistError);
});

describe('labels', () => {
  const labels = join(folder, 'labels');

  test('by hand are kept in a file of the dictionary, searched and removed', async () => {
    expect(await ask('semantic.label.set', { ...target(), labels, feature: 3, label: ' names of people ' })).toEqual({ label: 'names of people', author: 'hand' });
    expect((await table({ labels, search: 'people' })).rows.map(({ feature }) => feature)).toEqual([3]);
    expect((await table({ labels, filter: { labelled: true } })).total).toBe(1);
    expect((await table({ labels, sort: { by: 'label' }, limit: 1 })).rows[0]!.feature).toBe(3);
    expect(await ask('semantic.label.set', { ...target(), labels, feature: 3, label: null })).toBeNull();
    expect((await table({ labels, filter: { labelled: true } })).total).toBe(0);
  });

  test('from statistics come with scores, and only those above their baseline are saved', async () => {
    await ask('semantic.label.set', { ...target(), labels, feature: 0, label: 'mine' });
    const found = await ask('semantic.label.auto', { ...target(), labels, save: true, margin: 0.2 });
    expect(found.labels.length + found.skipped).toBe(store.alive);
    for (const { label: { label, score } } of found.labels) {
      expect(label).toMatch(/^(\d+ or more in a passage: )?(on|after|two after) “/);
      expect(score!.detection >= 0 && score!.detection <= 1 && Math.abs(score!.shuffled - 0.5) < 0.1).toBe(true);
    }
    const passed = found.labels.filter(({ label: { score } }) => score!.detection - score!.wrongLabel >= 0.2);
    const labelled = (await table({ labels, filter: { labelled: true }, limit: 1000 })).rows;
    expect(labelled.map(({ feature }) => feature)).toEqual([...new Set([0, ...passed.map(({ feature }) => feature)])].toSorted((a, b) => a - b));
    expect(labelled[0]!.label).toEqual({ label: 'mine', author: 'hand' });
    const own = labelled.find(({ label }) => label!.author === 'statistics');
    if (own !== undefined) expect((await ask('semantic.label.score', { ...target(), labels, feature: own.feature })).detection).toBe(own.label!.score!.detection);
  });

  test('in words are scored from the answers of a judge', async () => {
    const { feature } = (await ask('semantic.label.auto', target())).labels.at(-1)!;
    await ask('semantic.label.set', { ...target(), labels, feature, label: 'a guess', author: 'model', writer: 'somebody' });
    const tests = await ask('semantic.label.tests', { ...target(), labels, feature });
    expect(tests.label).toBe('a guess');
    expect(tests.wrong!.feature).not.toBe(feature);
    expect(tests.fuzzing.every(({ text }) => text.includes('<<'))).toBe(true);
    expect(tests.detection.every(({ text }) => !text.includes('<<'))).toBe(true);
    const count = tests.detection.length;
    const constant = (value: number): number[] => new Array<number>(2 * count).fill(value);
    const score = await ask('semantic.label.score', { ...target(), labels, feature, answers: { label: constant(1), wrong: constant(0), empty: constant(0.5) } });
    expect([score.detection, score.wrongLabel, score.empty, score.fuzzing]).toEqual([0.5, 0.5, 0.5, 0.5]);
    await expect(ask('semantic.label.score', { ...target(), labels, feature, answers: { label: [1], wrong: [1] } })).rejects.toMatchObject({ reason: 'argument' });
    await expect(ask('semantic.label.score', { ...target(), labels, feature })).rejects.toMatchObject({ reason: 'argument' });
  });

  test('by a language model are judged by it on held-out passages, beside another feature’s label', async () => {
    const { feature } = await firing('Mary went to the market');
    const word = (await ask('semantic.feature', { ...target(), feature })).row.topTokens[0]!.replace(/[·␣↵]/g, ' ').trim();
    // Knows what the feature fires on, and says no to any other description.
    const judge = (prompt: string): string => (prompt.includes('What do the active tokens have in common?') ? `“${word}”` : `[${passagesIn(prompt).map((text) => (prompt.includes(`described as: ${JSON.stringify(word)}`) && text.includes(word) ? 1 : 0)).join()}]`);
    const replies: string[] = [];
    for (;;) {
      const step = await ask('semantic.label.write', { ...target(), labels, feature, replies });
      if (step.kind === 'ask') {
        replies.push(...step.prompts.map(judge));
        continue;
      }
      expect(step).toMatchObject({ label: word, unanswered: 0 });
      expect(step.score.detection).toBeGreaterThan(step.score.wrongLabel);
      expect([step.score.wrongLabel, step.answers.label.length]).toEqual([0.5, step.answers.wrong.length]);
      await ask('semantic.label.set', { ...target(), labels, feature, label: step.label, author: 'model', writer: 'somebody' });
      expect(await ask('semantic.label.score', { ...target(), labels, feature, answers: { label: [...step.answers.label], wrong: [...step.answers.wrong] } })).toEqual(step.score);
      expect((await table({ labels, filter: { features: [feature] } })).rows[0]!.label).toEqual({ label: word, author: 'model', model: 'somebody', score: step.score });
      break;
    }
    await expect(ask('semantic.label.write', { ...target(), labels, feature, replies: ['x', 'y'] })).rejects.toMatchObject({ reason: 'argument' });
  });

  test('of a whole dictionary go on where they were stopped, and end as if they had not been', async () => {
    const [whole, stopped] = [join(folder, 'labels-whole'), join(folder, 'labels-stopped')];
    const request = { ...target(), save: true, resume: true, margin: 0.1 };
    const all = await ask('semantic.label.auto', { ...request, labels: whole });
    expect(all).toMatchObject({ labels: [] });
    expect(all.saved).toBeGreaterThan(0);
    const job = jobs['semantic.label.auto'](session, parseParams('semantic.label.auto', { ...request, labels: stopped }), new AbortController().signal);
    for (let step = await job.next(); step.done !== true; step = await job.next()) if ((step.value as LabellingProgress).stage === 'labels' && (step.value as LabellingProgress).done >= 32) break;
    await job.return(undefined as never);
    expect(readdirSync(stopped).filter((name) => name.endsWith('.labelling.json'))).toHaveLength(1);
    const done: number[] = [];
    expect(await ask('semantic.label.auto', { ...request, labels: stopped }, (value) => { if ((value as LabellingProgress).stage === 'labels') done.push((value as LabellingProgress).done); })).toEqual(all);
    expect(done[0]).toBeGreaterThanOrEqual(32);
    expect(readdirSync(stopped)).toEqual(readdirSync(whole));
    for (const file of readdirSync(whole)) expect(readFileSync(join(stopped, file), 'utf8')).toBe(readFileSync(join(whole, file), 'utf8'));
  });

  test('leave and come back as Neuronpedia’s explanations; features leave with examples', async () => {
    const file = join(folder, 'out/explanations.jsonl');
    const written = await ask('semantic.export', { ...target(), labels, what: 'explanations', file });
    const again = join(folder, 'labels-again');
    expect(await ask('semantic.import', { ...target(), labels: again, file })).toEqual({ imported: written.count, kept: 0, skipped: 0 });
    expect(await ask('semantic.import', { ...target(), labels: again, file })).toEqual({ imported: 0, kept: written.count, skipped: 0 });
    const features = join(folder, 'out/features.jsonl');
    expect((await ask('semantic.export', { ...target(), labels, what: 'features', features: [0, 1], file: features })).count).toBe(2);
    const [first] = readFileSync(features, 'utf8').split('\n').map((line) => (line === '' ? {} : JSON.parse(line)) as Record<string, unknown>);
    expect(first).toMatchObject({ modelId: tinyModel.id, layer: model.dictionaries[0]!.id, index: '0', explanations: [{ description: 'mine' }] });
    expect(first!['vector']).toHaveLength(tinyModel.width);
    const activations = first!['activations'] as { tokens: string[]; values: number[]; maxValue: number; maxValueTokenIndex: number }[];
    for (const { tokens, values, maxValue, maxValueTokenIndex } of activations) expect([tokens.length, values[maxValueTokenIndex]]).toEqual([values.length, maxValue]);
    expect((await ask('semantic.import', { ...target(), labels: join(folder, 'labels-third'), file: features })).imported).toBe(1);
    writeFileSync(file, '{"index": -1, "description": "x"}');
    await expect(ask('semantic.import', { ...target(), labels, file })).rejects.toMatchObject({ reason: 'parse' });
  });
});

test('the page of a dictionary has intervals, lists and controls', async () => {
  const page = await ask('semantic.dictionary', { ...target(), contexts: 8 });
  expect(page.scores['l0']!.value).toBeLessThanOrEqual(6);
  for (const { value, low, high } of Object.values(page.scores)) expect(Number.isNaN(value) || (low <= value && value <= high)).toBe(true);
  expect(page.dead.total).toBe(tinyModel.latents - store.alive);
  expect(page.geometry.randomMeanMaxCosine).toBeGreaterThan(0);
  expect(page.tradeoff).toEqual([expect.objectContaining({ dictionary: target().dictionary })]);
});

test('a dictionary is trained with live curves, ended early and kept', async () => {
  const out = join(folder, 'trained');
  mkdirSync(out);
  const steps: number[] = [];
  const job = jobs['semantic.train'](session, parseParams('semantic.train', {
    model: model.model, job: 'one', hook: 'blocks.1.hook_resid_post', corpus: { kind: 'files', paths: [texts] }, folder: out, architecture: 'topk', latents: 64, k: 4, steps: 400, batchSize: 64, contextLength: 32,
  }), new AbortController().signal);
  for (;;) {
    const { done, value } = await job.next();
    if (done === true) {
      expect(value).toMatchObject({ stoppedEarly: true });
      expect(value.steps).toBeLessThan(400);
      expect(session.model(model.model).dictionary(value.dictionary).summary).toMatchObject({ latents: 64, hook: 'blocks.1.hook_resid_post' });
      break;
    }
    if (typeof value === 'object' && value !== null && 'step' in value) steps.push(value.step as number);
    if (steps.length === 5) await ask('semantic.train.stop', { job: 'one' });
  }
  expect(steps.slice(0, 5)).toEqual([1, 2, 3, 4, 5]);
  await expect(ask('semantic.train.stop', { job: 'one' })).rejects.toMatchObject({ reason: 'not-found' });
});
