/** Interventions from a graph: exact under full freezing, nothing for no change, equal to the engine's own interventions. */
import { afterAll, describe, expect, it } from 'vitest';
import { buildGraph } from '../../../../src/algorithmic/attributionGraph/build.ts';
import type { BuiltGraph } from '../../../../src/algorithmic/attributionGraph/build.ts';
import type { Transcoders } from '../../../../src/algorithmic/attributionGraph/featureLayers.ts';
import { rangeOf } from '../../../../src/algorithmic/attributionGraph/graph.ts';
import { graphInfluence } from '../../../../src/algorithmic/attributionGraph/influence.ts';
import { intervene } from '../../../../src/algorithmic/attributionGraph/intervene/intervene.ts';
import type { Intervention, InterveneOptions } from '../../../../src/algorithmic/attributionGraph/intervene/intervene.ts';
import { predictChange } from '../../../../src/algorithmic/attributionGraph/intervene/predict.ts';
import { OpenGraph } from '../../../../src/algorithmic/attributionGraph/queries/openGraph.ts';
import { withDictionaries } from '../../../../src/engine/dictionaries/dictionary.ts';
import { spliceDictionary } from '../../../../src/engine/dictionaries/splice.ts';
import { intervene as interveneInGraph } from '../../../../src/engine/interventions/intervene.ts';
import type { Model } from '../../../../src/engine/models/model.ts';
import { openModelAt } from '../../../../src/engine/models/openPath.ts';
import { Runtime } from '../../../../src/engine/runtime/runtime.ts';
import { i64 } from '../../../../src/engine/tensor.ts';
import { goldenGraph } from '../../../support/attributionGraphs.ts';
import { randomCrossLayer, randomTranscoders, smallLlama } from '../../../support/transcoders.ts';

const runtime = new Runtime({ threads: 1 });
afterAll(() => runtime.dispose());

const ids = [1, 7, 3, 7, 12, 9, 30];
const inputs = new Map([['input_ids', i64([1, ids.length], ids)]]);
const fixtures = new URL('../../../fixtures/models/', import.meta.url).pathname;
const llama = smallLlama();
const shape = { layers: 3, width: 16 };

interface Case { model: Model; built: BuiltGraph; run: (options: Partial<InterveneOptions>) => Promise<Intervention> }

async function opened(model: Model, transcoders: Transcoders): Promise<Case> {
  const built = await buildGraph(model, runtime, transcoders, { inputs });
  const open = new OpenGraph(built.graph);
  return { model, built, run: (options) => intervene(model, runtime, built, open, { nodes: [0], change: { kind: 'ablate' }, controls: 2, ...options }) };
}

/** The most influential node of each kind and, for features, of each layer. */
function variedNodes({ graph }: BuiltGraph): number[] {
  const { node } = graphInfluence(graph);
  const best = new Map<string, number>();
  for (let i = 0; i < rangeOf(graph, 'token')[1]; i++) {
    const key = `${graph.nodes.kind[i]} ${graph.nodes.kind[i] === 0 ? graph.nodes.layer[i] : ''}`;
    if (node[i]! > (node[best.get(key) ?? -1] ?? -1)) best.set(key, i);
  }
  return [...best.values()];
}

function largestGap(comparisons: readonly { predicted: Float32Array; measured: Float32Array }[]): { gap: number; scale: number } {
  const pairs = comparisons.flatMap(({ predicted, measured }) => Array.from(predicted, (value, i) => [value, measured[i]!] as const));
  return { gap: Math.max(...pairs.map(([p, m]) => Math.abs(p - m))), scale: Math.max(...pairs.map(([p]) => Math.abs(p))) };
}

const families: readonly (readonly [string, () => Promise<Case>])[] = [
  ['per-layer transcoders', () => opened(llama, randomTranscoders(shape))],
  ['skip transcoders', () => opened(llama, randomTranscoders({ ...shape, skip: true }))],
  ['a cross-layer transcoder', () => opened(llama, randomCrossLayer(shape))],
  ['a cross-layer transcoder with skip paths', () => opened(llama, randomCrossLayer({ ...shape, skip: true }))],
  ["circuit-tracer's MLP hooks", () => opened(llama, randomTranscoders({ ...shape, inputHook: 'mlp.hook_in', outputHook: 'mlp.hook_out' }))],
  ...['gpt2', 'gemma2', 'llama', 'gpt_neox', 'gpt2/model.onnx', 'gemma2/model.onnx'].map((name): [string, () => Promise<Case>] => [name, async () => {
    const model = await openModelAt(`${fixtures}${name}`);
    return opened(model, randomTranscoders({ layers: model.config!.nLayers, width: model.config!.dModel, decoderBias: 0.2 }));
  }]),
];

describe.each(families)('%s', (_, open) => {
  let made: Promise<Case> | undefined;
  const make = (): Promise<Case> => (made ??= open());

  it('has exactly the predicted effects when everything else is held', async () => {
    const { built, run } = await make();
    for (const change of [{ kind: 'ablate' }, { kind: 'clamp', value: 2 }] as const) {
      const { features, logits } = await run({ nodes: variedNodes(built), change, measure: 'direct', maxTargets: 1000, controls: 0 });
      expect(features.targets.length).toBeGreaterThan(20);
      const { gap, scale } = largestGap([features, logits]);
      expect(gap / scale).toBeLessThan(1e-4);
      expect(features.correlation).toBeGreaterThan(0.9999);
      expect(features.slope).toBeCloseTo(1, 3);
    }
  });

  it('does nothing when nothing changes', async () => {
    const { built, run } = await make();
    for (const measure of ['model', 'direct'] as const) {
      const { features, logits } = await run({ nodes: variedNodes(built), change: { kind: 'scale', factor: 1 }, measure, controls: 0, targets: Array.from({ length: built.graph.counts.feature }, (_unused, i) => i), maxTargets: 1000 });
      expect(features.targets.length).toBeGreaterThan(20);
      for (const { measured, predicted } of [features, logits]) {
        expect(Math.max(...measured.map(Math.abs))).toBeLessThan(1e-5);
        expect(Math.max(...predicted.map(Math.abs))).toBe(0);
      }
    }
  });
});

describe('in the whole model', () => {
  it("is what the engine's own intervention on the spliced dictionary does", async () => {
    const transcoders = randomTranscoders(shape);
    const { model, built, run } = await opened(llama, transcoders);
    const [node] = variedNodes(built).filter((each) => built.graph.nodes.layer[each] === 1 && built.graph.nodes.kind[each] === 0);
    const { layer, position, feature } = built.graph.nodes;
    const dictionary = transcoders.transcoders[layer[node!]!]!;
    const spliced = spliceDictionary(model.graph(), dictionary, { errorTerm: true });
    const { graph, feeds } = interveneInGraph(spliced, [{ hook: `${dictionary.hooks.output}.hook_sae_acts_post`, kind: 'zero', where: { position: [position[node!]!], neuron: [feature[node!]!] } }], model.feeds(inputs));
    const changed = (await runtime.run({ ...graph, outputs: ['logits'] }, feeds, withDictionaries(model.parameters, [dictionary]))).get('logits')!;
    const last = (changed.data as Float32Array).slice(-50);
    const mean = (values: ArrayLike<number>): number => Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
    const { logits, probabilities } = await run({ nodes: [node!] });
    built.targets.forEach(({ id }, i) => {
      expect(logits.measured[i]).toBeCloseTo(last[id]! - mean(last) - (built.logits[id]! - mean(built.logits)), 4);
      expect(probabilities.after[i]).toBeCloseTo(Math.exp(last[id]!) / Array.from(last, Math.exp).reduce((a, b) => a + b, 0), 5);
    });
    expect(Math.max(...logits.measured.map(Math.abs))).toBeGreaterThan(1e-3);
  });

  it('has a control of random features: as many sets as asked for, the same for the same seed', async () => {
    const { built, run } = await opened(llama, randomTranscoders(shape));
    const nodes = variedNodes(built).slice(0, 2);
    const { control } = await run({ nodes, controls: 9, seed: 3 });
    expect(control).toMatchObject({ sets: 9 });
    expect(control.magnitudes).toHaveLength(9);
    expect(control.correlations).toHaveLength(9);
    expect(control.p).toBeCloseTo((1 + control.magnitudes.filter((value) => value >= control.magnitude).length) / 10, 12);
    expect((await run({ nodes, controls: 9, seed: 3 })).control).toEqual(control);
    expect((await run({ nodes, controls: 9, seed: 4 })).control.magnitudes).not.toEqual(control.magnitudes);
    // What one set does is its own: the intervention's predictions do not fit the random sets.
    const { features } = await run({ nodes, measure: 'direct', controls: 9, seed: 3 });
    expect(features.correlation).toBeGreaterThan(0.9999);
    const direct = await run({ nodes, measure: 'direct', controls: 9, seed: 3 });
    expect(Math.max(...direct.control.correlations.map(Math.abs))).toBeLessThan(0.9);
  });

  it('refuses logits, nodes that are not there, and nothing', async () => {
    const { built, run } = await opened(llama, randomTranscoders(shape));
    const [logit] = rangeOf(built.graph, 'logit');
    for (const nodes of [[logit], [1e6], []]) await expect(run({ nodes })).rejects.toThrowError(expect.objectContaining({ reason: 'argument' }));
    const controller = new AbortController();
    controller.abort();
    await expect(run({ signal: controller.signal })).rejects.toThrowError(expect.objectContaining({ reason: 'cancelled' }));
  });
});

it('predictions follow the edges, directly and through features that respond', () => {
  const graph = goldenGraph();
  const { direct, total } = predictChange(graph, graphInfluence(graph).order, new Map([[5, -1]]));
  // t0 → f0 is 2, so f0 loses 2 of its activation 1 and writes −2 times what it wrote; f0 → f1 is 1, f0 → L0 is 1.
  expect([direct[0], direct[1], direct[7], direct[8]]).toEqual([-2, 0, 0, -0.5]);
  expect(total[0]).toBe(-2);
  expect(total[1]).toBe(-2);
  // f1 has activation 2, so it writes −1 times what it wrote: 3 to L0 and −1 to L1.
  expect(total[7]).toBe(-2 - 3);
  expect(total[8]).toBe(1 - 0.5);
});
