/** Attribution graphs over the protocol, on a small model with transcoders. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MechanistError } from '../../../src/engine/errors.ts';
import { writeSafetensors } from '../../../src/engine/formats/safetensorsWriter.ts';
import { Random } from '../../../src/engine/random.ts';
import { f32 } from '../../../src/engine/tensor.ts';
import { parseParams } from '../../../src/protocol/methods.ts';
import type { MethodName, Params, Results } from '../../../src/protocol/methods.ts';
import type { GraphSummary } from '../../../src/protocol/methods/graphResults.ts';
import { jobs } from '../../../src/server/methods.ts';
import type { JobName } from '../../../src/server/methods.ts';
import { Session } from '../../../src/server/session.ts';
import { drain } from '../../support/engineHost.ts';
import { tinyModel, tinyZoo } from '../../support/tinyZoo.ts';

let zoo: string;
let session: Session;
let model: string;
let graph: GraphSummary;
const files = mkdtempSync(join(tmpdir(), 'mechanist-graph-methods-'));
const text = 'When Mary and John went to the store';

function writeTranscoders(folder: string, width: number, config: boolean): void {
  mkdirSync(folder, { recursive: true });
  const random = new Random(1);
  const normal = (dims: readonly number[], scale: number) => f32(dims, Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => scale * random.normal()));
  for (let layer = 0; layer < tinyModel.layers; layer++) {
    writeSafetensors(join(folder, `layer_${layer}.safetensors`), [['W_enc', normal([24, width], 0.3)], ['W_dec', normal([24, width], 0.3)], ['b_enc', normal([24], 0.1)], ['b_dec', normal([width], 0.1)]]);
  }
  if (config) writeFileSync(join(folder, 'config.yaml'), 'model_kind: transcoder_set\nmodel_name: tiny\nfeature_input_hook: ln2.hook_normalized\nfeature_output_hook: hook_mlp_out\nscan: tiny-scan\n');
}

async function ask<M extends JobName>(method: M, params: Params<M>): Promise<Results[M]> {
  const job = jobs[method] as (session: Session, params: unknown, signal: AbortSignal) => ReturnType<(typeof jobs)[M]>;
  return drain(job(session, parseParams(method as MethodName, params), new AbortController().signal) as Parameters<typeof drain<Results[M]>>[0]);
}

beforeAll(async () => {
  zoo = await tinyZoo();
  writeTranscoders(join(zoo, 'tiny/dictionaries/transcoders'), tinyModel.width, true);
  session = new Session({ zoo, threads: 1 });
  model = (await ask('model.open', { source: { kind: 'zoo', id: 'tiny' } })).model;
  graph = await ask('graph.build', { model, text });
});
afterAll(async () => {
  await session.close(model);
  rmSync(zoo, { recursive: true });
  rmSync(files, { recursive: true });
});

const refusal = async (work: Promise<unknown>): Promise<MechanistError> => {
  const error: unknown = await work.then(() => undefined, (thrown: unknown) => thrown);
  if (!MechanistError.is(error)) throw new Error(`not refused: ${String(error)}`);
  return error;
};

describe('graph.build', () => {
  it('builds with the bundled transcoders and says what it is', async () => {
    const [set, ...more] = await ask('graph.sets', { model });
    expect(more).toEqual([]);
    expect(set).toMatchObject({ name: 'transcoders', kind: 'transcoders', layers: 4, latents: 24, inputHook: 'blocks.0.ln2.hook_normalized' });
    expect(graph).toMatchObject({ title: text, prompt: text, layers: 4, source: { kind: 'built', model, set: set!.path }, remarks: [], active: graph.counts.feature });
    expect(graph.tokens[0]!.id).toBe(1);
    expect(graph.nodes).toBe(graph.counts.feature + 5 * graph.tokens.length + graph.targets.length);
    expect(graph.scores!.replacement).toBeGreaterThan(0);
    expect(graph.scores!.completeness.restricted).toBeLessThan(graph.scores!.completeness.reference);
    expect(graph.leftOut!.firstPosition).toBeGreaterThan(0);
    expect((await ask('graph.list', {})).map((each) => each.graph)).toContain(graph.graph);
  });

  it('takes a folder by path, with hooks where it does not say', async () => {
    const folder = join(files, 'plain');
    writeTranscoders(folder, tinyModel.width, false);
    expect((await refusal(ask('graph.build', { model, text, set: folder }))).message).toMatch(/which hook points/);
    const other = await ask('graph.build', { model, text, set: folder, inputHook: 'ln2.hook_normalized', outputHook: 'hook_mlp_out', maxFeatures: 30, target: { kind: 'difference', target: 5, distractor: 6 } });
    expect(other.counts).toMatchObject({ feature: 30, logit: 1 });
    await ask('graph.close', { graph: other.graph });
    expect((await refusal(ask('graph.view', { graph: other.graph }))).reason).toBe('not-found');
  });

  it('refuses what does not fit, with the way forward', async () => {
    const wrong = join(files, 'wrong');
    writeTranscoders(wrong, 20, true);
    expect((await refusal(ask('graph.build', { model, text, set: wrong }))).message).toMatch(/width 20.*trained on this model/);
    expect((await refusal(ask('graph.build', { model, text: 'word '.repeat(200) }))).message).toMatch(/tokens are more than the 64.*Shorten/);
    expect((await refusal(ask('graph.build', { model, text, set: 'relative' }))).reason).toBe('argument');
  });

  it('stops when the job is abandoned', async () => {
    const job = jobs['graph.build'](session, parseParams('graph.build', { model, text }), new AbortController().signal);
    await job.next();
    await job.return(null as never);
    expect((await ask('graph.list', {})).length).toBe(1);
  });
});

describe('looking at a graph', () => {
  it('views, pages and finds nodes that agree with each other', async () => {
    const view = await ask('graph.view', { graph: graph.graph, maxNodes: 20, maxEdges: 30 });
    expect(view.nodes).toHaveLength(20);
    expect(view.sources.length).toBeLessThanOrEqual(30);
    expect(view.above.nodes).toBeGreaterThan(20);
    expect(view.nodes[0]).toMatchObject({ kind: 'logit', layer: 4, probability: graph.targets[0]!.probability });
    const [source, target] = [view.nodes[view.sources[0]!]!, view.nodes[view.targets[0]!]!];
    const inputs = await ask('graph.neighbours', { graph: graph.graph, node: target.node, direction: 'inputs', count: 1000 });
    expect(inputs.items.find(({ node }) => node.node === source.node)!.weight).toBe(view.weights[0]);
    const outputs = await ask('graph.neighbours', { graph: graph.graph, node: source.node, direction: 'outputs', count: 1000 });
    expect(outputs.items.find(({ node }) => node.node === target.node)!.weight).toBe(view.weights[0]);
    expect((await ask('graph.search', { graph: graph.graph, query: source.id })).nodes).toEqual([source]);
    expect((await refusal(ask('graph.neighbours', { graph: graph.graph, node: 1e6, direction: 'inputs' }))).reason).toBe('argument');
  });

  it('takes labels, which search and views know', async () => {
    const { nodes } = await ask('graph.view', { graph: graph.graph, kinds: ['feature'] });
    const feature = nodes.find(({ kind }) => kind === 'feature')!;
    const key = `${feature.layer}/${feature.feature}`;
    await ask('graph.label', { graph: graph.graph, labels: { [key]: 'names of people' } });
    const found = await ask('graph.search', { graph: graph.graph, query: 'people' });
    expect(found.nodes.map(({ node }) => node)).toContain(feature.node);
    await ask('graph.label', { graph: graph.graph, labels: { [key]: '' } });
    expect((await ask('graph.search', { graph: graph.graph, query: 'people' })).total).toBe(0);
  });

  it('takes labels from the files of its dictionaries, as the semantic view writes them', async () => {
    const { nodes } = await ask('graph.view', { graph: graph.graph, kinds: ['feature'] });
    const feature = nodes.find(({ kind, layer }) => kind === 'feature' && layer === 1)!;
    const dictionaries = session.model(model).dictionarySummaries.filter(({ kind }) => kind === 'transcoder').map(({ dictionary }) => dictionary);
    await ask('semantic.label.set', { model, dictionary: dictionaries[1]!, labels: files, feature: feature.feature, label: 'words for markets' });
    expect(await ask('graph.labels', { graph: graph.graph, model, dictionaries, folder: files })).toBe(1);
    expect((await ask('graph.search', { graph: graph.graph, query: 'markets' })).nodes.map(({ node }) => node)).toContain(feature.node);
    expect(await refusal(ask('graph.labels', { graph: graph.graph, model, dictionaries, folder: 'relative' }))).toMatchObject({ reason: 'argument' });
  });

  it('proposes supernodes and compares graphs', async () => {
    const proposals = await ask('graph.supernodes', { graph: graph.graph });
    expect(proposals.every(({ nodes, similarity, control }) => nodes.length > 1 && Number.isFinite(similarity) && Number.isFinite(control))).toBe(true);
    const second = await ask('graph.build', { model, text: 'When Anna and Tom went to the house' });
    const diff = await ask('graph.diff', { first: graph.graph, second: second.graph });
    expect(diff.common).toBeGreaterThan(10);
    expect(diff.nodes.length).toBeGreaterThan(0);
    await ask('graph.close', { graph: second.graph });
  });
});

describe('graph.intervene', () => {
  it('compares prediction and measurement, with a control', async () => {
    const { nodes } = await ask('graph.view', { graph: graph.graph, kinds: ['feature', 'error', 'token'] });
    const chosen = nodes.filter(({ kind }) => kind !== 'logit').slice(0, 3).map(({ node }) => node);
    const direct = await ask('graph.intervene', { graph: graph.graph, nodes: chosen, change: { kind: 'ablate' }, measure: 'direct', controls: 4 });
    const gap = Math.max(...direct.logits.predicted.map((value, i) => Math.abs(value - direct.logits.measured[i]!)));
    expect(gap / Math.max(...direct.logits.predicted.map(Math.abs))).toBeLessThan(1e-4);
    expect(direct.direct.logits).toEqual(direct.logits.predicted);
    expect(direct.logits.targets.map(({ node }) => node)).toEqual(graph.targets.map(({ node }) => node));
    expect(direct.control).toMatchObject({ sets: 4 });
    const whole = await ask('graph.intervene', { graph: graph.graph, nodes: chosen, change: { kind: 'clamp', value: 2 }, targets: [0, 1, 2, 3, 4, 5] });
    expect(whole.features.targets.every(({ node }) => node < 6 && !chosen.includes(node))).toBe(true);
    expect(whole.probabilities.before).not.toEqual(whole.probabilities.after);
  });

  it('says why it cannot', async () => {
    expect((await refusal(ask('graph.intervene', { graph: graph.graph, nodes: [graph.targets[0]!.node], change: { kind: 'ablate' } }))).message).toMatch(/outcome/);
    const path = join(files, 'read.json');
    await ask('graph.export', { graph: graph.graph, format: 'circuit-tracer', path });
    const read = await ask('graph.open', { path });
    expect((await refusal(ask('graph.intervene', { graph: read.graph, nodes: [0], change: { kind: 'ablate' } }))).message).toMatch(/read from a file.*Build/);
    await ask('graph.close', { graph: read.graph });
  });
});

describe('files', () => {
  it('go out and come back, pinned nodes with them', async () => {
    const path = join(files, 'graph.json');
    const { nodes } = await ask('graph.view', { graph: graph.graph, maxNodes: 12 });
    const pinned = { nodes: nodes.slice(0, 4).map(({ node }) => node), supernodes: [{ label: 'two', nodes: nodes.slice(2, 4).map(({ node }) => node) }] };
    const { bytes } = await ask('graph.export', { graph: graph.graph, format: 'circuit-tracer', path, pinned });
    expect(readFileSync(path)).toHaveLength(bytes);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ metadata: { scan: 'tiny-scan', prompt: text } });
    const opened = await ask('graph.open', { path });
    expect(opened).toMatchObject({ prompt: text, layers: 4, scores: undefined, source: { kind: 'file', scan: 'tiny-scan' }, remarks: [] });
    const again = await ask('graph.pinned', { graph: opened.graph });
    const ids = async (key: string, wanted: readonly number[]): Promise<string[]> => {
      const view = await ask('graph.view', { graph: key, pinned: [...wanted], maxNodes: wanted.length });
      return view.nodes.map(({ id }) => id);
    };
    expect(await ids(opened.graph, again.nodes)).toEqual(await ids(graph.graph, pinned.nodes));
    expect(again.supernodes).toEqual([{ label: 'two', nodes: again.nodes.slice(2) }]);
    await ask('graph.close', { graph: opened.graph });
  });

  it('as subgraph and as CSV', async () => {
    const { nodes } = await ask('graph.view', { graph: graph.graph, maxNodes: 5 });
    const pinned = { nodes: nodes.map(({ node }) => node) };
    const saved = await ask('graph.export', { graph: graph.graph, format: 'subgraph', pinned });
    expect(await ask('graph.pinned', { graph: graph.graph, text: saved.text! })).toEqual({ nodes: pinned.nodes, supernodes: [] });
    const csv = (await ask('graph.export', { graph: graph.graph, format: 'csv' })).text!.trim().split('\n');
    expect(csv[0]).toBe('source,target,weight,share,source label,target label');
    expect(csv).toHaveLength(1 + (await ask('graph.view', { graph: graph.graph })).above.edges);
    expect((await refusal(ask('graph.export', { graph: graph.graph, format: 'subgraph' }))).reason).toBe('argument');
    expect((await refusal(ask('graph.export', { graph: graph.graph, format: 'csv', path: 'relative.csv' }))).reason).toBe('argument');
  });

  it('of other tools keep what only those know', async () => {
    const path = join(files, 'neuronpedia.json');
    const info = { description: 'x', source_urls: ['y'] };
    writeFileSync(path, JSON.stringify({
      metadata: { slug: 's', scan: 'gemma', transcoder_list: ['a'], prompt_tokens: ['p'], prompt: 'p', info, feature_details: { neuronpedia_source_set: 'z' }, node_threshold: 0.7 }, qParams: {},
      nodes: [
        { node_id: '0_5_0', feature: 20, layer: '0', ctx_idx: 0, feature_type: 'lorsa', influence: 0.5 }, { node_id: 'E_3_0', feature: 0, layer: 'E', ctx_idx: 0, feature_type: 'embedding', influence: 0.9 },
        { node_id: '2_9_0', feature: 9, layer: '2', ctx_idx: 0, feature_type: 'logit', token_prob: 0.5, clerp: 'Output "o" (p=0.500)' },
      ],
      links: [{ source: 'E_3_0', target: '0_5_0', weight: 1 }, { source: '0_5_0', target: '2_9_0', weight: 2 }],
    }));
    const opened = await ask('graph.open', { path });
    const again = JSON.parse((await ask('graph.export', { graph: opened.graph, format: 'circuit-tracer', thresholds: { node: 1, edge: 1 } })).text!) as { metadata: object; nodes: { feature_type: string }[] };
    expect(again.metadata).toMatchObject({ slug: 's', scan: 'gemma', transcoder_list: ['a'], info: { description: 'x', source_urls: ['y'] }, feature_details: { neuronpedia_source_set: 'z' }, node_threshold: 1 });
    expect(again.nodes.map((node) => node.feature_type)).toEqual(['lorsa', 'embedding', 'logit']);
    await ask('graph.close', { graph: opened.graph });
  });

  it('that are damaged are refused, or opened with repairs and a remark', async () => {
    const path = join(files, 'dangling.json');
    writeFileSync(path, '{"metadata":{},"qParams":{"pinnedIds":["9_9_9"]},"nodes":[{"node_id":"E_3_0","feature":0,"layer":"E","ctx_idx":0,"feature_type":"embedding"}],"links":[{"source":"E_3_0","target":"1_1_1","weight":1}]}');
    expect((await refusal(ask('graph.open', { path }))).message).toMatch(/A link names a node.*repairs/);
    const opened = await ask('graph.open', { path, repair: true });
    expect(opened.remarks).toEqual([expect.stringContaining('left out'), expect.stringContaining('9_9_9')]);
    await ask('graph.close', { graph: opened.graph });
  });
});
