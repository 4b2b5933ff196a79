/** What the definition of an attribution graph says must hold, on models without biases; choice of features; refusals. */
import { afterAll, describe, expect, it } from 'vitest';
import { buildGraph } from '../../../../src/algorithmic/attributionGraph/build.ts';
import type { BuildOptions, BuiltGraph } from '../../../../src/algorithmic/attributionGraph/build.ts';
import type { Transcoders } from '../../../../src/algorithmic/attributionGraph/featureLayers.ts';
import { adjacencyMatrix, rangeOf } from '../../../../src/algorithmic/attributionGraph/graph.ts';
import { MechanistError } from '../../../../src/engine/errors.ts';
import { openHuggingFace } from '../../../../src/engine/models/huggingface.ts';
import { Runtime } from '../../../../src/engine/runtime/runtime.ts';
import { i64, zeros } from '../../../../src/engine/tensor.ts';
import { randomCrossLayer, randomTranscoders, smallLlama } from '../../../support/transcoders.ts';

const runtime = new Runtime({ threads: 1 });
afterAll(() => runtime.dispose());

const prompt = (...ids: number[]): ReadonlyMap<string, ReturnType<typeof i64>> => new Map([['input_ids', i64([1, ids.length], ids)]]);
const inputs = prompt(1, 7, 3, 7, 12, 9, 30);
const model = smallLlama();
const shape = { layers: 3, width: 16 };
const build = (transcoders: Transcoders, options: Partial<BuildOptions> = {}): Promise<BuiltGraph> => buildGraph(model, runtime, transcoders, { inputs, ...options });

const kinds: readonly (readonly [string, Transcoders])[] = [
  ['per-layer transcoders', randomTranscoders(shape)],
  ['skip transcoders', randomTranscoders({ ...shape, skip: true })],
  ['top-k transcoders', randomTranscoders({ ...shape, architecture: 'topk' })],
  ['a cross-layer transcoder', randomCrossLayer(shape)],
  ['a cross-layer transcoder with skip paths', randomCrossLayer({ ...shape, skip: true })],
  ['transcoders of the residual stream', randomTranscoders({ ...shape, inputHook: 'hook_resid_mid' })],
  ["circuit-tracer's MLP hooks", randomTranscoders({ ...shape, inputHook: 'mlp.hook_in', outputHook: 'mlp.hook_out' })],
];

describe.each(kinds)('with %s', (_, transcoders) => {
  it('the inputs of a feature sum to its activation, those of a logit to the logit minus the mean', async () => {
    const { graph, layers, active, selected, logits, targets } = await build(transcoders, { ignoredPositions: 0 });
    const matrix = adjacencyMatrix(graph);
    const count = graph.nodes.kind.length;
    const rowSum = (row: number): number => matrix.subarray(row * count, (row + 1) * count).reduce((sum, value) => sum + value, 0);
    selected.forEach((feature, row) => {
      const { source, layer } = layers[active.layer[feature]!]!;
      const bias = source.kind === 'dictionary' ? source.dictionary.parameters.get('b_enc') : source.clt.parameters.get(`b_enc_${layer}`);
      expect(rowSum(row) + Number(bias.data[active.feature[feature]!])).toBeCloseTo(active.activation[feature]!, 4);
    });
    const mean = logits.reduce((sum, logit) => sum + logit, 0) / logits.length;
    targets.forEach(({ id }, i) => expect(rowSum(count - targets.length + i)).toBeCloseTo(logits[id]! - mean, 4));
    expect(targets.length).toBeGreaterThan(3);
  });

  it('no source acts on an earlier position or on a layer that is not behind it', async () => {
    const { graph: { nodes, edges } } = await build(transcoders);
    for (let target = 0; target < nodes.kind.length; target++) {
      for (const source of edges.source.subarray(edges.start[target], edges.start[target + 1])) {
        expect(nodes.position[source]!).toBeLessThanOrEqual(nodes.position[target]!);
        expect(nodes.layer[source]!).toBeLessThan(nodes.layer[target]!);
      }
    }
  });
});

describe('a smaller number of features', () => {
  it('gives the part of the whole graph that belongs to them', async () => {
    const transcoders = randomTranscoders(shape);
    const whole = await build(transcoders);
    const part = await build(transcoders, { maxFeatures: 40, featuresPerRound: 15, rowsPerRun: 7 });
    expect(part.selected).toHaveLength(40);
    const [all, some] = [adjacencyMatrix(whole.graph), adjacencyMatrix(part.graph)];
    const [n, m] = [whole.graph.nodes.kind.length, part.graph.nodes.kind.length];
    const place = (node: number): number => (node < 40 ? part.selected[node]! : node + n - m);
    for (let t = 0; t < m; t++) for (let s = 0; s < m; s++) expect(some[t * m + s]!).toBeCloseTo(all[place(t) * n + place(s)]!, 5);
  });

  it('takes those that influence the logits most, as far as known', async () => {
    const transcoders = randomTranscoders(shape);
    const whole = await build(transcoders);
    const { selected } = await build(transcoders, { maxFeatures: 5 });
    // One round: only the rows of the logits are known.
    const [from, to] = rangeOf(whole.graph, 'logit');
    const direct = new Float64Array(whole.graph.counts.feature);
    const { start, source, weight } = whole.graph.edges;
    for (let target = from; target < to; target++) {
      const sum = weight.subarray(start[target], start[target + 1]).reduce((total, value) => total + Math.abs(value), 0);
      for (let e = start[target]!; e < start[target + 1]!; e++) if (source[e]! < direct.length) direct[source[e]!]! += (whole.graph.probabilities[target - from]! * Math.abs(weight[e]!)) / sum;
    }
    const best = [...direct.keys()].toSorted((a, b) => direct[b]! - direct[a]!).slice(0, 5).toSorted((a, b) => a - b);
    expect(Array.from(selected)).toEqual(best);
  });
});

describe('targets', () => {
  it('a difference is the difference of two rows', async () => {
    const transcoders = randomTranscoders(shape);
    const two = await build(transcoders, { target: { kind: 'tokens', ids: [4, 9] } });
    const one = await build(transcoders, { target: { kind: 'difference', target: 4, distractor: 9 } });
    const [n, m] = [two.graph.nodes.kind.length, one.graph.nodes.kind.length];
    const [pair, row] = [adjacencyMatrix(two.graph).subarray((n - 2) * n), adjacencyMatrix(one.graph).subarray((m - 1) * m)];
    for (let s = 0; s < m - 1; s++) expect(row[s]).toBeCloseTo(pair[s]! - pair[n + s]!, 5);
    expect(one.targets[0]!.id).toBe(50);
  });

  it('ends at the token that completes the mass', async () => {
    const { targets } = await build(randomTranscoders(shape), { target: { kind: 'top', mass: 0.3, most: 50 } });
    const probabilities = targets.map(({ probability }) => probability);
    expect(probabilities.reduce((a, b) => a + b, 0)).toBeGreaterThanOrEqual(0.3);
    expect(probabilities.slice(0, -1).reduce((a, b) => a + b, 0)).toBeLessThan(0.3);
  });
});

describe('refuses', () => {
  const refusal = async (work: Promise<unknown>): Promise<MechanistError> => {
    const error: unknown = await work.then(() => undefined, (thrown: unknown) => thrown);
    if (!MechanistError.is(error)) throw new Error(`not refused: ${String(error)}`);
    return error;
  };

  it.each<[string, Transcoders, Partial<BuildOptions>, string, RegExp]>([
    ['a prompt that is too long', randomTranscoders(shape), { inputs: prompt(...Array<number>(40).fill(3)) }, 'argument', /40 tokens are more than the 32 of/],
    ['several prompts', randomTranscoders(shape), { inputs: new Map([['input_ids', i64([2, 2], [1, 2, 3, 4])]]) }, 'argument', /one prompt/],
    ['a prompt of one token', randomTranscoders(shape), { inputs: prompt(1) }, 'argument', /two tokens/],
    ['padding', randomTranscoders(shape), { inputs: new Map([...prompt(1, 2, 3), ['attention_mask', i64([1, 3], [0, 1, 1])]]) }, 'argument', /padding/],
    ['transcoders of another width', randomTranscoders({ layers: 3, width: 12 }), {}, 'argument', /width 12.*\[batch, pos, 16\]/],
    ['transcoders for fewer layers', randomTranscoders({ layers: 2, width: 16 }), {}, 'argument', /3 layers.*for 2/],
    ['hooks the model lacks', randomTranscoders({ ...shape, inputHook: 'hook_nothing' }), {}, 'argument', /hook_nothing/],
    ['autoencoders', randomTranscoders({ ...shape, inputHook: 'hook_mlp_out' }), {}, 'argument', /autoencoder/],
    ['more edges than fit', randomTranscoders(shape), { maxEdges: 500 }, 'memory', /more than 500 edges.*fewer features/],
    ['a token that does not exist', randomTranscoders(shape), { target: { kind: 'tokens', ids: [50] } }, 'argument', /no token 50/],
    ['a difference of a token with itself', randomTranscoders(shape), { target: { kind: 'difference', target: 4, distractor: 4 } }, 'argument', /two different/],
  ])('%s', async (_, transcoders, options, reason, message) => {
    const error = await refusal(build(transcoders, options));
    expect(error.reason).toBe(reason);
    expect(error.message).toMatch(message);
  });

  it('activations that are not finite, naming where', async () => {
    const broken = smallLlama();
    const weight = broken.parameters.get('blocks.1.mlp.W_out');
    broken.parameters.set('blocks.1.mlp.W_out', { ...weight, data: (weight.data as Float32Array).map(() => NaN) });
    const error = await refusal(buildGraph(broken, runtime, randomTranscoders(shape), { inputs }));
    expect(error).toMatchObject({ reason: 'runtime', field: 'hook blocks.1.hook_mlp_out', hint: expect.any(String) });
    const overflow = randomTranscoders(shape);
    overflow.transcoders[2]!.parameters.set('b_enc', { ...zeros('float32', [24]), data: new Float32Array(24).fill(Infinity) });
    expect((await refusal(build(overflow))).message).toMatch(/Feature 0 of layer 2/);
  });

  it('a model that is no language model', async () => {
    const bert = await openHuggingFace(new URL('../../../fixtures/models/bert', import.meta.url).pathname);
    expect((await refusal(buildGraph(bert, runtime, randomTranscoders({ layers: bert.config!.nLayers, width: bert.config!.dModel }), { inputs }))).reason).toBe('unsupported');
  });

  it('stops when asked', async () => {
    const controller = new AbortController();
    const work = build(randomTranscoders(shape), { rowsPerRun: 1, signal: controller.signal, onProgress: (done) => done === 3 && controller.abort() });
    expect((await refusal(work)).reason).toBe('cancelled');
  });
});
