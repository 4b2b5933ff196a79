/** Requests of the algorithmic view on a small model: answers have the shapes they promise, agree with each other, and refuse with a way forward. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseParams } from '../../../src/protocol/methods.ts';
import type { ModelSummary, Params, Results } from '../../../src/protocol/methods.ts';
import type { AlgorithmicResults } from '../../../src/protocol/methods/algorithmicResults.ts';
import { algorithmicJobs } from '../../../src/server/methods/algorithmic/jobs.ts';
import { modelOpen } from '../../../src/server/methods/modelOpen.ts';
import { Session } from '../../../src/server/session.ts';
import { drain } from '../../support/engineHost.ts';
import { tinyModel, tinyZoo } from '../../support/tinyZoo.ts';

const text = 'When Mary and John went to the store, John gave a book to';
const corrupted = 'When Mary and John went to the store, Mary gave a book to';
const folder = mkdtempSync(join(tmpdir(), 'mechanist-algorithmic-'));
let zoo: string;
let session: Session;
let model: ModelSummary;
let pair: { kind: 'pair'; clean: string; corrupted: string; metric: { kind: 'logit_diff'; target: number; distractor: number } };

beforeAll(async () => {
  zoo = await tinyZoo();
  session = new Session({ zoo, threads: 1 });
  model = await drain(modelOpen(session, { source: { kind: 'zoo', id: tinyModel.id } }));
  const { tokenizer } = session.model(model.model);
  pair = { kind: 'pair', clean: text, corrupted, metric: { kind: 'logit_diff', target: tokenizer.encode(' Mary', { addSpecialTokens: false }).ids[0]!, distractor: tokenizer.encode(' John', { addSpecialTokens: false }).ids[0]! } };
});
afterAll(async () => {
  await session.close(model.model);
  for (const path of [zoo, folder]) rmSync(path, { recursive: true });
});

function ask<M extends keyof AlgorithmicResults>(method: M, params: Omit<Params<M>, 'model'>): Promise<Results[M]> {
  const parsed = parseParams(method, { model: model.model, ...params });
  return drain(algorithmicJobs[method](session, parsed, new AbortController().signal));
}

const pairsText = [text, text.replace('store', 'school')].map((clean, i) => JSON.stringify({ clean, corrupted: (i === 0 ? corrupted : corrupted.replace('store', 'school')), answers: [' Mary'], distractors: [' John'] })).join('\n');

describe('question.suggest', () => {
  it('offers targets, distractors of the same kind first, and corrupted prompts that tokenise to the same length', async () => {
    const found = await ask('question.suggest', { text, target: pair.metric.target });
    expect(found.predictions).toHaveLength(10);
    expect(found.target.token).toBe('·Mary');
    expect(found.distractors.map(({ id }) => id)).not.toContain(found.target.id);
    expect(found.corrupted.length).toBeGreaterThan(3);
    const metrics = found.corrupted.map(({ metric }) => metric);
    expect(metrics).toEqual(metrics.toSorted((a, b) => a - b));
    for (const edit of found.corrupted) {
      const { pairs, diagnostics } = await ask('pairs.read', { source: { kind: 'text', text: JSON.stringify({ clean: text, corrupted: edit.text, answers: [' Mary'] }) } });
      expect(diagnostics).toEqual([]);
      expect(pairs[0]!.differing).toEqual(edit.positions);
    }
  });

  it('says what to do about an empty prompt, and names a target that does not exist', async () => {
    await expect(ask('question.suggest', { text: '' })).rejects.toMatchObject({ reason: 'argument', hint: expect.stringContaining('Select') });
    await expect(ask('question.suggest', { text, target: 5000 })).rejects.toMatchObject({ reason: 'argument', field: 'target' });
  });
});

describe('lens', () => {
  it('reads every hook and position, nearest to the output at the end', async () => {
    const [layers, all] = [await ask('lens.grid', { text }), await ask('lens.grid', { text, hooks: 'all', target: 7 })];
    const positions = layers.tokens.length;
    expect(layers.hooks).toHaveLength(tinyModel.layers + 1);
    expect(all.hooks).toHaveLength(1 + 5 * tinyModel.layers);
    expect(layers.topIds).toHaveLength(layers.hooks.length * positions * 5);
    for (const id of layers.topIds) expect(layers.texts.some(([known]) => known === id)).toBe(true);
    const last = layers.klToOutput.subarray((layers.hooks.length - 1) * positions);
    expect(Math.max(...last)).toBeLessThan(1e-5);
    expect([...all.targets]).toEqual(Array(positions).fill(7));
    expect(layers.targets[0]).toBe(layers.tokens[1]!.id);
    expect(layers.lens).toBe('logit');
  });

  it('is trained on a text file, written, and used', async () => {
    const file = join(folder, 'text.txt');
    writeFileSync(file, Array.from({ length: 120 }, (_, i) => `Mary and John went to the store ${i} times, and gave a book to the cat. `).join(''));
    const out = join(folder, 'lens');
    const report = await ask('lens.train', { text: file, out, steps: 30 });
    expect(report.layers).toHaveLength(tinyModel.layers);
    for (const { before, after } of report.layers) expect(after).toBeLessThan(before);
    const tuned = await ask('lens.grid', { text, tuned: out });
    expect(tuned.lens).toBe('tuned');
    expect(tuned.klToOutput[0]).not.toBe((await ask('lens.grid', { text })).klToOutput[0]);
    writeFileSync(join(folder, 'short.txt'), 'Too short.');
    await expect(ask('lens.train', { text: join(folder, 'short.txt'), out })).rejects.toMatchObject({ reason: 'argument', hint: 'Give more text.' });
  });
});

describe('dla.run', () => {
  it.each(['layer', 'head', 'neuron', 'feature'] as const)('sums to the metric by %s', async (by) => {
    const dictionary = model.dictionaries.find(({ hook }) => hook === 'blocks.2.hook_resid_post')!.dictionary;
    const report = await ask('dla.run', { text, metric: pair.metric, by, dictionary, top: 7 });
    const listed = report.contributions.reduce((sum, { contribution }) => sum + contribution, 0);
    expect(report.contributions).toHaveLength(7);
    expect(listed + report.unlisted.sum).toBeCloseTo(report.total, 4);
    expect(report.total + report.constant).toBeCloseTo(report.metric, 4);
    expect(report.constant).toBeCloseTo(0, 3);
  });

  it('needs a dictionary for features', async () => {
    await expect(ask('dla.run', { text, metric: pair.metric, by: 'feature' })).rejects.toMatchObject({ reason: 'argument', field: 'dictionary' });
  });
});

describe('attention', () => {
  it('gives patterns whose rows sum to 1, all or one, plain or weighted', async () => {
    const all = await ask('attention.patterns', { text });
    const size = all.tokens.length;
    expect(all.values).toHaveLength(tinyModel.layers * 4 * size * size);
    const one = await ask('attention.patterns', { text, layer: 2, head: 3 });
    expect(one.values).toEqual(all.values.subarray((2 * 4 + 3) * size * size, (2 * 4 + 4) * size * size));
    const weighted = await ask('attention.patterns', { text, layer: 1, weighting: 'value-weighted' });
    for (let row = 0; row < 4 * size; row++) expect(weighted.values.subarray(row * size, (row + 1) * size).reduce((a, b) => a + b, 0)).toBeCloseTo(1, 4);
    await expect(ask('attention.patterns', { text, layer: 9 })).rejects.toMatchObject({ reason: 'argument' });
    await expect(ask('attention.patterns', { text, head: 4 })).rejects.toMatchObject({ reason: 'argument' });
  });

  it('scores heads on random tokens and on a text', async () => {
    const scores = await ask('attention.scores', { text, rows: 2, span: 8 });
    expect(scores.random).toHaveLength(tinyModel.layers * 4);
    expect(scores.text).toHaveLength(tinyModel.layers * 4);
    for (const { first, entropy, previousToken } of scores.random) {
      expect(first).toBeGreaterThan(0);
      expect(entropy).toBeGreaterThan(0);
      expect(previousToken).toBeLessThan(1);
    }
    expect((await ask('attention.scores', { rows: 1, span: 4 })).text).toBeUndefined();
  });

  it('composes heads with later ones only, beside a null', async () => {
    const { scores, nullMean, nullHigh } = await ask('attention.composition', { kind: 'v', nulls: 4 });
    const heads = tinyModel.layers * 4;
    expect(scores.filter((value) => !Number.isNaN(value))).toHaveLength((heads * (heads - 4)) / 2);
    expect([...scores.keys()].filter((i) => Number.isNaN(scores[i]!))).toEqual([...nullHigh.keys()].filter((i) => Number.isNaN(nullHigh[i]!)));
    expect(nullMean[5]).toBeGreaterThan(0);
  });

  it('takes one score apart', async () => {
    const dictionary = model.dictionaries.find(({ hook }) => hook === 'blocks.2.hook_resid_post')!.dictionary;
    const found = await ask('attention.featurePairs', { text, layer: 3, head: 1, query: 6, key: 2, dictionary, top: 5 });
    expect(found.pairs).toHaveLength(5);
    expect(found.sum).toBeCloseTo(found.score, 3);
    expect(found.pairs.reduce((sum, { value }) => sum + value, 0) + found.unlisted.sum).toBeCloseTo(found.sum, 4);
  });
});

describe('sweeps', () => {
  it.each<[Params<'sweep.run'>['site'], string[]]>([['resid_pre', ['position']], ['z', ['head']], ['pattern', ['head']], ['mlp_out', ['position']], ['neurons', ['neuron']], ['features', ['neuron']]])('patch %s', async (site, axes) => {
    const dictionary = model.dictionaries[0]!.dictionary;
    const result = await ask('sweep.run', { prompts: pair, site, dictionary });
    expect(result.axes.map(({ name }) => name)).toEqual(axes);
    expect(result.scores).toHaveLength(result.hooks.length * result.axes.reduce((product, { size }) => product * size, 1));
    expect(result.normalized).toHaveLength(result.scores.length);
    expect(result.neurons?.length).toBe(axes[0] === 'neuron' ? result.axes[0]!.size : undefined);
    expect([result.low, result.prompts]).toEqual([undefined, 1]);
  });

  it('show the prediction behind a cell: the patched run has the metric the sweep has', async () => {
    const swept = await ask('sweep.run', { prompts: pair, site: 'z', by: ['head'] });
    const cell = await ask('sweep.cell', { prompts: pair, hook: 'blocks.2.attn.hook_z', where: { head: 1 }, predictions: 3 });
    expect(cell.metric).toBeCloseTo(swept.scores[2 * 4 + 1]!, 4);
    expect(cell.patched).toHaveLength(3);
    const nothing = await ask('sweep.cell', { prompts: { ...pair, corrupted: text.replace('store', 'school') }, hook: 'blocks.0.hook_resid_pre', where: { position: 1 } });
    expect(nothing.patched).toEqual(nothing.corrupted);
    await expect(ask('sweep.cell', { prompts: pair, hook: 'blocks.2.attn.hook_w', where: {} })).rejects.toMatchObject({ reason: 'argument', hint: expect.stringContaining('blocks.') });
  });

  it('run over a data set with intervals, ablate, and measure KL', async () => {
    const prompts = { kind: 'pairs', source: { kind: 'text', text: pairsText } } as const;
    const result = await ask('sweep.run', { prompts, site: 'z' });
    expect(result.prompts).toBe(2);
    result.scores.forEach((score, i) => {
      expect(result.low![i]).toBeLessThanOrEqual(score + 1e-5);
      expect(result.high![i]).toBeGreaterThanOrEqual(score - 1e-5);
    });
    for (const replacement of ['zero', 'mean', 'resample'] as const) {
      const ablated = await ask('sweep.run', { prompts, site: 'attn_out', by: [], replacement });
      expect(ablated.scores).toHaveLength(tinyModel.layers);
      expect(ablated.normalized).toBeUndefined();
    }
    const kl = await ask('sweep.run', { prompts: { ...pair, metric: { kind: 'kl' } }, site: 'resid_pre' });
    expect(kl.cleanMetric).toBeCloseTo(0, 5);
    expect(kl.corruptedMetric).toBeGreaterThan(0);
  });

  it('refuse prompts of unequal length and sites the model does not have', async () => {
    await expect(ask('sweep.run', { prompts: { ...pair, corrupted: `${text} the` }, site: 'z' })).rejects.toMatchObject({ reason: 'argument', hint: expect.stringContaining('equal length') });
    await expect(ask('sweep.run', { prompts: pair, site: 'z', layers: [9] })).rejects.toMatchObject({ reason: 'argument' });
    const uneven = [pairsText, JSON.stringify({ clean: `Then ${text}`, corrupted: `Then ${corrupted}`, answers: [' Mary'] })].join('\n');
    await expect(ask('sweep.run', { prompts: { kind: 'pairs', source: { kind: 'text', text: uneven } }, site: 'resid_pre' })).rejects.toMatchObject({ reason: 'argument', hint: expect.stringContaining('one length') });
  });
});

describe('circuits', () => {
  const prompts = { kind: 'pairs', source: { kind: 'text', text: pairsText } } as const;

  it.each(['eap', 'eap-ig', 'eap-ig-activations', 'clean-corrupted'] as const)('score edges by %s, with exact values of the top ones beside', async (method) => {
    const found = await ask('circuit.edges', { prompts, method, exactTop: 6 });
    expect(found.scores).toHaveLength(found.senders.length * found.receivers.length);
    expect(found.exact!.edges).toHaveLength(6);
    expect(found.exact!.exact).toHaveLength(6);
    expect(found.low).toHaveLength(found.scores.length);
    expect(found.cleanMetric).not.toBe(found.corruptedMetric);
  });

  it('are extracted, tested, written, and read again', async () => {
    const { edges } = await ask('circuit.edges', { prompts, exactTop: 0 });
    const selection = { kind: 'greedy', edges: 80 } as const;
    const members = await ask('circuit.extract', { edges, selection });
    expect(members.edges.length).toBeGreaterThan(10);
    expect(members.nodes).toContain('logits');
    const report = await ask('circuit.evaluate', { edges, prompts, heldOut: pair, selection });
    expect(report.edges).toBe(members.edges.length);
    expect(report.random.values).toHaveLength(50);
    expect(report.minimality!.edges).toHaveLength(report.edges);
    expect(report.curve!.faithfulness.at(-1)).toBeCloseTo(1, 3);
    expect(report.heldOut!.interval).toBeUndefined();
    const { json } = await ask('circuit.export', { edges, selection });
    const again = await ask('circuit.import', { source: { kind: 'text', text: json } });
    expect((await ask('circuit.extract', { edges: again.edges, selection })).edges).toEqual(members.edges);
  });

  it('are named when they are gone or do not exist', async () => {
    await expect(ask('circuit.extract', { edges: 'edges-0', selection: { kind: 'top', edges: 3 } })).rejects.toMatchObject({ reason: 'not-found' });
    const { edges } = await ask('circuit.edges', { prompts: pair, method: 'eap', exactTop: 0 });
    await expect(ask('circuit.extract', { edges, selection: { kind: 'edges', edges: ['a9.h9->logits'] } })).rejects.toMatchObject({ field: 'edge a9.h9->logits' });
  });

  it('stop between runs when cancelled', async () => {
    const stop = new AbortController();
    const job = algorithmicJobs['circuit.edges'](session, parseParams('circuit.edges', { model: model.model, prompts, method: 'exact' }), stop.signal);
    const stages: unknown[] = [];
    for (let step = await job.next(); step.done !== true && stages.length < 4; step = await job.next()) stages.push(step.value);
    expect(stages.at(-1)).toMatchObject({ stage: 'edges', done: expect.any(Number), of: expect.any(Number) });
    await job.return(undefined as never);
    expect((await ask('circuit.edges', { prompts: pair, method: 'eap', exactTop: 0 })).edges).toMatch(/^edges-/);
  });
});

describe('pairs.read', () => {
  it('joins what is wrong with the text and with the tokens, in order, within the lines', async () => {
    const source = { kind: 'text', text: [JSON.stringify({ clean: text, corrupted: `${text} the`, answers: [' Mary'] }), '{', pairsText].join('\n') } as const;
    const { pairs, diagnostics } = await ask('pairs.read', { source });
    expect(diagnostics.map(({ line }) => line)).toEqual([1, 2]);
    expect(diagnostics[0]).toMatchObject({ message: expect.stringContaining('tokens'), endColumn: source.text.indexOf('\n') + 1 });
    expect(pairs.map(({ line, tokens }) => [line, tokens === undefined])).toEqual([[1, true], [3, false], [4, false]]);
  });

  it('reads files, and needs no model', async () => {
    const file = join(folder, 'pairs.jsonl');
    writeFileSync(file, pairsText);
    const { pairs } = await drain(algorithmicJobs['pairs.read'](session, { model: undefined, source: { kind: 'file', path: file } }, new AbortController().signal));
    expect(pairs.map(({ tokens }) => tokens)).toEqual([undefined, undefined]);
    await expect(ask('pairs.read', { source: { kind: 'file', path: join(folder, 'none.jsonl') } })).rejects.toMatchObject({ reason: 'not-found' });
  });
});
