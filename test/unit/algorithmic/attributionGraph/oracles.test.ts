/** Attribution graphs against circuit-tracer: adjacency, activations, targets, pruning, scores. */
import { readFileSync, readdirSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { buildGraph } from '../../../../src/algorithmic/attributionGraph/build.ts';
import type { BuiltGraph } from '../../../../src/algorithmic/attributionGraph/build.ts';
import { adjacencyMatrix } from '../../../../src/algorithmic/attributionGraph/graph.ts';
import { graphInfluence } from '../../../../src/algorithmic/attributionGraph/influence.ts';
import { pruneGraph } from '../../../../src/algorithmic/attributionGraph/prune.ts';
import { graphScores } from '../../../../src/algorithmic/attributionGraph/scores.ts';
import { openTranscoders } from '../../../../src/engine/dictionaries/open.ts';
import { openSafetensors } from '../../../../src/engine/formats/safetensors.ts';
import { openModelAt } from '../../../../src/engine/models/openPath.ts';
import { Runtime } from '../../../../src/engine/runtime/runtime.ts';
import { f32, numbersOf } from '../../../../src/engine/tensor.ts';
import { difference } from '../../../support/compare.ts';

const fixtures = new URL('../../../fixtures/', import.meta.url).pathname;
const packs = readdirSync(`${fixtures}circuit_tracer`);
const runtime = new Runtime({ threads: 1 });
afterAll(() => runtime.dispose());

interface Meta { model: string; feature_input_hook: string; feature_output_hook: string; max_n_logits: number; desired_logit_prob: number; node_threshold: number; edge_threshold: number }

async function built(pack: string, file = '', rowsPerRun?: number): Promise<{ result: BuiltGraph; reference: ReturnType<typeof openSafetensors>; meta: Meta }> {
  const folder = `${fixtures}circuit_tracer/${pack}`;
  const meta = JSON.parse(readFileSync(`${folder}/meta.json`, 'utf8')) as Meta;
  const reference = openSafetensors(`${folder}/reference.safetensors`);
  const model = await openModelAt(`${fixtures}models/${meta.model}${file}`);
  const transcoders = await openTranscoders(`${folder}/transcoders`, { hooks: { input: meta.feature_input_hook, output: meta.feature_output_hook } });
  const ids = reference.read('input_ids');
  const result = await buildGraph(model, runtime, transcoders, {
    inputs: new Map([['input_ids', { ...ids, dims: [1, ...ids.dims] }]]),
    target: { kind: 'top', mass: meta.desired_logit_prob, most: meta.max_n_logits },
    ...(rowsPerRun === undefined ? {} : { rowsPerRun }),
  });
  return { result, reference, meta };
}

function adjacencyGap({ graph }: BuiltGraph, reference: ReturnType<typeof openSafetensors>): number {
  const expected = reference.read('adjacency_matrix');
  const { largest, scale } = difference(f32(expected.dims, adjacencyMatrix(graph)), expected);
  return largest / scale;
}

describe.each(packs)('%s', (pack) => {
  it('has the adjacency of circuit-tracer', async () => {
    const { result, reference } = await built(pack);
    expect(adjacencyGap(result, reference)).toBeLessThan(1e-5);
  });

  it('finds its active features with their activations, in its order', async () => {
    const { result: { active }, reference } = await built(pack);
    const triples = Array.from(active.feature, (feature, i) => [active.layer[i]!, active.position[i]!, feature]).flat();
    expect(triples).toEqual(Array.from(numbersOf(reference.read('active_features'))));
    expect(difference(f32([active.activation.length], active.activation), reference.read('activation_values')).largest).toBeLessThan(1e-5);
  });

  it('explains its logits', async () => {
    const { result: { targets }, reference } = await built(pack);
    expect(targets.map(({ id }) => id)).toEqual(Array.from(numbersOf(reference.read('logit_token_ids'))));
    const expected = numbersOf(reference.read('logit_probabilities'));
    targets.forEach(({ probability }, i) => expect(probability).toBeCloseTo(expected[i]!, 6));
  });

  it('prunes as it does, and scores alike', async () => {
    const { result: { graph }, reference, meta } = await built(pack);
    const influence = graphInfluence(graph);
    const pruned = pruneGraph(graph, influence, { node: meta.node_threshold, edge: meta.edge_threshold });
    expect(Array.from(pruned.nodes)).toEqual(Array.from(numbersOf(reference.read('prune.node_mask'))));
    expect(pruned.edges.length).toBe(numbersOf(reference.read('prune.edge_mask_count'))[0]);
    expect(difference(f32([influence.cumulative.length], influence.cumulative), reference.read('prune.cumulative_scores')).largest).toBeLessThan(1e-5);
    const scores = graphScores(graph, influence)!;
    expect(scores.replacement).toBeCloseTo(numbersOf(reference.read('replacement_score'))[0]!, 5);
    expect(scores.completeness).toBeCloseTo(numbersOf(reference.read('completeness_score'))[0]!, 5);
    expect(scores.completenessRestricted).toBeLessThan(scores.completeness);
  });

  it('is the same from the exported ONNX file, and one target at a time', async () => {
    for (const [file, rows] of [['/model.onnx', undefined], ['', 1], ['/model.onnx', 1]] as const) {
      const { result, reference } = await built(pack, file, rows);
      expect(adjacencyGap(result, reference)).toBeLessThan(1e-5);
    }
  });

  it('has in tokens and errors all the influence that the logits give', async () => {
    const { result: { graph } } = await built(pack);
    const { node, sums } = graphInfluence(graph);
    const from = graph.counts.feature;
    const leaves = node.subarray(from, from + graph.counts.error + graph.counts.token).reduce((sum, value) => sum + value, 0);
    expect(sums.subarray(0, from).every((sum) => sum > 0)).toBe(true);
    expect(leaves).toBeCloseTo(graph.probabilities.reduce((sum, value) => sum + value, 0), 9);
  });
});
