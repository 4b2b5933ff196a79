// @vitest-environment node
/** What the algorithmic view pins is measured again by a method of findings, and comes out the same; with other weights it does not. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSafetensors } from '../../src/engine/formats/safetensors.ts';
import { writeSafetensors } from '../../src/engine/formats/safetensorsWriter.ts';
import type { Tensor } from '../../src/engine/tensor.ts';
import type { Evidence } from '../../src/notes/format/schema.ts';
import { verifyEvidence } from '../../src/evidence/verify.ts';
import { parseParams } from '../../src/protocol/methods.ts';
import type { ModelSummary, Params, Results } from '../../src/protocol/methods.ts';
import type { AlgorithmicResults } from '../../src/protocol/methods/algorithmicResults.ts';
import type { GraphResults } from '../../src/protocol/methods/graphResults.ts';
import { pinSchema } from '../../src/protocol/views/panel.ts';
import type { PanelParams } from '../../src/protocol/views/panel.ts';
import { algorithmicJobs } from '../../src/server/methods/algorithmic/jobs.ts';
import { findingsJobs } from '../../src/server/methods/findings/jobs.ts';
import { sessionModels } from '../../src/server/methods/findings/models.ts';
import { graphJobs } from '../../src/server/methods/graph/jobs.ts';
import { modelOpen } from '../../src/server/methods/modelOpen.ts';
import { Session } from '../../src/server/session.ts';
import { drain } from '../support/engineHost.ts';
import { tinyZoo, writeTranscoders } from '../support/tinyZoo.ts';
import { pinCircuit } from '../../webview-ui/algorithmic/circuit/pin.ts';
import { pinGraph, subgraphRequest } from '../../webview-ui/algorithmic/graph/pin.ts';
import type { Inquiry } from '../../webview-ui/algorithmic/inquiry.ts';
import { pinAttribution, pinLens } from '../../webview-ui/algorithmic/lens/pin.ts';
import { pinCell } from '../../webview-ui/algorithmic/patching/pin.ts';
import { emptyQuestion, promptsOf } from '../../webview-ui/algorithmic/question/question.ts';
import type { Question } from '../../webview-ui/algorithmic/question/question.ts';
import * as v from 'valibot';

const text = 'When Mary and John went to the market, John gave a book to';
const corrupted = 'When Mary and John went to the market, Mary gave a book to';
const signal = new AbortController().signal;
let zoo: string;
let changed: string;
let session: Session;
let other: Session;
let model: ModelSummary;
let question: Question;

beforeAll(async () => {
  zoo = await tinyZoo();
  await writeTranscoders(join(zoo, 'tiny', 'dictionaries', 'transcoders'));
  changed = mkdtempSync(join(tmpdir(), 'mechanist-changed-'));
  cpSync(zoo, changed, { recursive: true });
  changeWeights(join(changed, 'tiny', 'model.safetensors'));
  session = new Session({ zoo, threads: 1 });
  other = new Session({ zoo: changed, threads: 1 });
  model = await drain(modelOpen(session, { source: { kind: 'zoo', id: 'tiny' } }));
  const id = (answer: string): number => session.model(model.model).tokenizer.encode(answer, { addSpecialTokens: false }).ids[0]!;
  question = { ...emptyQuestion, text, corrupted, target: { token: '·Mary', id: id(' Mary') }, distractor: { token: '·John', id: id(' John') } };
});
afterAll(async () => {
  for (const one of [session, other]) for (const { key } of one.list()) await one.close(key);
  for (const folder of [zoo, changed]) rmSync(folder, { recursive: true });
});

function ask<M extends keyof AlgorithmicResults>(method: M, params: Omit<Params<M>, 'model'>): Promise<Results[M]> {
  return drain(algorithmicJobs[method](session, parseParams(method, { model: model.model, ...params }), signal));
}

function askGraph<M extends keyof GraphResults>(method: M, params: Params<M>): Promise<Results[M]> {
  return drain(graphJobs[method](session, parseParams(method, params), signal));
}

/** The page as far as pins ask it, with what they pin. */
function inquiryOf(asked: Question, more: Readonly<Record<string, unknown>> = {}): { readonly inquiry: Inquiry; readonly pins: PanelParams<'panel.pin'>[] } {
  const pins: PanelParams<'panel.pin'>[] = [];
  const dictionary = model.dictionaries.find(({ id }) => id === 'blocks.2.hook_resid_post');
  const inquiry = { question: asked, session: { model, dictionary }, pairLines: [], place: { lens: { by: 'head', measure: 'probability' }, circuit: { nulls: 50 }, ...more }, pin: (pinned: PanelParams<'panel.pin'>) => pins.push(pinned) };
  return { inquiry: inquiry as unknown as Inquiry, pins };
}

/** The records of a pin, as the host completes them. */
function recordsOf(pins: readonly PanelParams<'panel.pin'>[]): Evidence[] {
  expect(pins).toHaveLength(1);
  const { evidence } = v.parse(pinSchema, structuredClone(pins[0]));
  expect(evidence.length).toBeGreaterThan(0);
  return evidence.map(({ interval, control, ...record }, i) => ({
    ...record, id: `e${i + 1}`, date: '2026-01-01', models: [{ id: model.id, hash: model.hash }], dictionaries: (record.dictionaries ?? []).map((used) => ({ model: model.id, ...used })),
    inputs: record.inputs ?? {}, parameters: record.parameters ?? {}, seed: record.seed ?? 0, measures: record.measures ?? {}, history: [],
    ...(interval === undefined ? {} : { interval }), ...(control === undefined ? {} : { control: { name: control.name, value: control.value } }),
  }));
}

async function expectRerun(records: readonly Evidence[]): Promise<void> {
  for (const record of records) {
    const here = await verifyEvidence(record, { provider: await drain(sessionModels(session, ['tiny'])), folder: undefined, signal });
    expect(here, `${record.method}: ${here.reason}`).toMatchObject({ state: 'confirmed' });
    expect(here.found!.control?.name.length, record.method).toBeGreaterThan(0);
    const there = await verifyEvidence(record, { provider: await drain(sessionModels(other, ['tiny'])), folder: undefined, signal });
    expect(['drifted', 'contradicted'], `${record.method}: ${there.reason}`).toContain(there.state);
    expect(there.reason).toContain('weights of tiny changed');
  }
}

describe('a pin is confirmed by running it again, and drifts with the weights', () => {
  it('of a lens cell, also where a tuned lens is shown', async () => {
    const grid = await ask('lens.grid', { text, target: question.target!.id });
    const { inquiry, pins } = inquiryOf(question);
    pinLens(inquiry, grid, grid, grid.hooks.at(-1)!, grid.tokens.length - 1);
    const records = recordsOf(pins);
    expect(records[0]!.measures['tuned_probability']).toBe(records[0]!.value);
    await expectRerun(records);
  });

  it.each(['layer', 'head', 'neuron', 'feature'] as const)('of direct attribution by %s', async (by) => {
    const { inquiry, pins } = inquiryOf(question, { lens: { by } });
    const metric = { kind: 'logit_diff', target: question.target!.id, distractor: question.distractor!.id } as const;
    const clean = await ask('dla.run', { text, metric, by, ...(by === 'feature' ? { dictionary: inquiry.session.dictionary!.dictionary } : {}) });
    // The embedding of the last token does not depend on the weights that were changed.
    const parts = clean.contributions.filter(({ hook, layer }) => hook !== 'hook_embed' && (by === 'neuron' ? hook.endsWith('hook_post') : by !== 'feature' || hook.endsWith('resid_post')) && (layer ?? 0) > 1);
    pinAttribution(inquiry, { clean: { ...clean, contributions: parts }, corrupted: undefined });
    await expectRerun(recordsOf(pins));
  });

  it.each([
    ['denoising', 'patch', 'z', 'logit_diff'], ['noising', 'patch', 'attn_out', 'log_prob'], ['noising', 'patch', 'mlp_out', 'kl'], ['noising', 'zero', 'pattern', 'logit_diff'],
    ['noising', 'mean', 'neurons', 'log_prob'], ['noising', 'resample', 'z', 'logit_diff'], ['denoising', 'patch', 'features', 'logit_diff'], ['noising', 'zero', 'features', 'kl'],
  ] as const)('of a sweep: %s, %s, %s, %s', async (direction, replacement, site, metric) => {
    const asked = { ...question, metric };
    const { inquiry, pins } = inquiryOf(asked);
    const params: Params<'sweep.run'> = { model: model.model, prompts: promptsOf(asked)!, site, direction, replacement, ...(site === 'features' ? { dictionary: inquiry.session.dictionary!.dictionary } : {}) };
    const scores = await ask('sweep.run', params);
    const base = replacement === 'patch' && direction === 'denoising' ? scores.corruptedMetric : scores.cleanMetric;
    const size = scores.axes[0]!.size;
    // The place that matters most, behind the changed layer.
    const best = Array.from(scores.scores.keys()).filter((i) => Math.floor(i / size) >= Math.min(2, scores.hooks.length - 1)).toSorted((a, b) => Math.abs(scores.scores[b]! - base) - Math.abs(scores.scores[a]! - base))[0]!;
    pinCell(inquiry, { scores, params }, { hook: Math.floor(best / size), at: [best % size] });
    const records = recordsOf(pins);
    if (replacement === 'resample') {
      // A pair alone has no other prompt to take values from, so nothing changes and nothing can drift.
      expect((await verifyEvidence(records[0]!, { provider: await drain(sessionModels(session, ['tiny'])), folder: undefined, signal })).state).toBe('confirmed');
    } else await expectRerun(records);
  });

  it('of a circuit', async () => {
    const prompts = promptsOf(question)!;
    const { edges } = await ask('circuit.edges', { prompts, method: 'eap' });
    const selection = { kind: 'top', edges: 40 } as const;
    const members = await ask('circuit.extract', { edges, selection });
    const evaluation = await ask('circuit.evaluate', { edges, prompts, selection, nulls: 50 });
    const { inquiry, pins } = inquiryOf(question);
    pinCircuit(inquiry, members, evaluation, []);
    await expectRerun(recordsOf(pins));
  });

  it('of a subgraph, with the change that was tested', async () => {
    const summary = await askGraph('graph.build', { model: model.model, text, target: { kind: 'difference', target: question.target!.id, distractor: question.distractor!.id } });
    const view = await askGraph('graph.view', { graph: summary.graph, thresholds: {}, maxNodes: 60 });
    const pinned = view.nodes.filter(({ kind }) => kind === 'feature').slice(0, 4);
    const nodes = pinned.map(({ node }) => node);
    const { inquiry, pins } = inquiryOf(question);
    const measured = await drain(findingsJobs['findings.run'](session, parseParams('findings.run', subgraphRequest(summary, 'tiny', pinned.map(({ id }) => id))!), signal));
    const result = await askGraph('graph.intervene', { graph: summary.graph, nodes, change: { kind: 'ablate' }, controls: 20 });
    const names = new Map(view.nodes.map(({ node, id }) => [node, id]));
    pinGraph(inquiry, { summary, model: 'tiny', nodes: pinned, supernodes: [], drawing: undefined, names, intervened: { result, nodes, change: { kind: 'ablate' }, measure: 'model' } }, measured);
    const records = recordsOf(pins);
    expect(records.map(({ method }) => method)).toEqual(['graph.attribution@1', 'graph.intervention@1']);
    expect(pins[0]!.subjects[1]!.subject).toMatch(/^mechanist:feature\/tiny\/transcoders\.\d\/\d+$/);
    await expectRerun(records);
  });
});

/** A weight of an early MLP: what is read behind it is not as it was. */
function changeWeights(file: string): void {
  const source = openSafetensors(file);
  const tensors = [...source.names()].map((each): [string, Tensor] => [each, source.read(each)]);
  source.close();
  const data = tensors.find(([each]) => each === 'model.layers.0.mlp.down_proj.weight')![1].data as Float32Array;
  for (let i = 0; i < 64; i++) data[i * 3] = 5 * Math.sin(i);
  writeSafetensors(file, tensors);
}
