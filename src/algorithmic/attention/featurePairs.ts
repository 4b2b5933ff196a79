/**
 * One attention score taken apart into pairs of dictionary features at the query and the key position.
 *
 * With the norm's scale frozen, queries and keys are affine in the residual stream, and the score (before the softmax)
 * is bilinear in them: score = Σ_ij s · Q_i · K_j, where i and j run over the active features, the dictionary's error,
 * and a bias term (norm bias, b_Q, b_K, b_dec). Query and key norms and rotations are applied as in this run.
 */
import { encodeRows } from '../../engine/dictionaries/encodeRows.ts';
import type { Dictionary } from '../../engine/dictionaries/dictionary.ts';
import { MechanistError } from '../../engine/errors.ts';
import { typeOf } from '../../engine/graph/ir.ts';
import type { Graph } from '../../engine/graph/ir.ts';
import { prune } from '../../engine/graph/prune.ts';
import { sliceDownstream } from '../../engine/graph/slice.ts';
import type { Model } from '../../engine/models/model.ts';
import type { Runtime } from '../../engine/runtime/runtime.ts';
import { repeatRows, zeros } from '../../engine/tensor.ts';
import type { Tensor } from '../../engine/tensor.ts';
import { knownConfig } from './weights.ts';
import { dot } from './frames.ts';

export interface FeaturePairOptions {
  /** One prompt. */
  readonly inputs: ReadonlyMap<string, Tensor>;
  readonly layer: number;
  readonly head: number;
  readonly query: number;
  readonly key: number;
  /** An autoencoder of the stream that enters the layer. */
  readonly dictionary: Dictionary;
}

export type Term = number | 'error' | 'bias';

export interface FeaturePairScores {
  /** Feature indices, `error` and `bias`; rows and columns of `values`. */
  readonly queryTerms: readonly Term[];
  readonly keyTerms: readonly Term[];
  /** [query terms, key terms]. */
  readonly values: Tensor<'float32'>;
  /** Sum of the values, and the score the model computed (`hook_attn_scores`). */
  readonly sum: number;
  readonly score: number;
}

/** Errors: `argument` for a place the model does not have or a dictionary of another hook; `unsupported` for soft-capped scores and for normalising dictionaries. */
export async function featurePairs(model: Model, runtime: Runtime, options: FeaturePairOptions): Promise<FeaturePairScores> {
  const { layer, head, query, key, dictionary } = options;
  const config = knownConfig(model);
  const graph = model.graph();
  const stream = `blocks.${layer}.hook_resid_pre`;
  requirePlace(options, graph, config.nLayers, config.nHeads);
  const [q, k] = (['q', 'k'] as const).map((letter) => {
    const rotated = `blocks.${layer}.attn.hook_rot_${letter}`;
    return typeOf(graph, rotated) === undefined ? `blocks.${layer}.attn.hook_${letter}` : rotated;
  }) as [string, string];
  const scales = [`blocks.${layer}.ln1.hook_scale`, `blocks.${layer}.attn.q_norm.hook_scale`, `blocks.${layer}.attn.k_norm.hook_scale`].filter((name) => typeOf(graph, name) !== undefined);
  const scores = `blocks.${layer}.attn.hook_attn_scores`;
  const { graph: affine, boundary } = sliceDownstream(graph, [stream, ...scales], [q, k]);
  const captured = await runtime.run(prune(graph, [stream, q, k, scores, ...scales, ...boundary.filter((name) => !graph.inputs.has(name))]), model.feeds(options.inputs), model.parameters);
  const positions = captured.get(stream)!.dims[1]!;
  if (query >= positions || key > query) throw new MechanistError('argument', `Query ${query} and key ${key} are not places of a prompt of ${positions} tokens.`, { field: 'query, key' });

  const [queryParts, keyParts] = [await partsAt(runtime, captured.get(stream)!, query, dictionary), await partsAt(runtime, captured.get(stream)!, key, dictionary)];
  const project = async (parts: Parts, hook: string, position: number, from: number): Promise<Float32Array[]> => {
    const rows = parts.vectors.length + 1;
    const feeds = new Map<string, Tensor>([...model.feeds(options.inputs)].map(([name, value]) => [name, repeatRows(value, rows)]));
    for (const name of [...boundary, ...scales]) {
      const value = captured.get(name) ?? feeds.get(name)!;
      feeds.set(name, value.dims[0] === 1 && typeOf(graph, name)!.shape?.[0] === 'batch' ? repeatRows(value, rows) : value);
    }
    feeds.set(stream, streamOf(parts.vectors, position, positions));
    const run = await runtime.run({ ...affine, outputs: [hook] }, feeds, model.parameters);
    return differencesFromLast(run.get(hook)!, position, from);
  };
  const keyHead = Math.floor(head / (config.nHeads / (captured.get(k)!.dims[2]!)));
  const left = await project(queryParts, q, query, head);
  const right = await project(keyParts, k, key, keyHead);
  const factor = scoreFactor(captured, { q, k, scores }, head, keyHead, query);
  const values = new Float32Array(left.length * right.length);
  let sum = 0;
  left.forEach((a, i) => right.forEach((b, j) => (sum += (values[i * right.length + j] = factor * dot(a, b)))));
  const size = positions * positions;
  return {
    queryTerms: queryParts.terms, keyTerms: keyParts.terms,
    values: { dtype: 'float32', dims: [left.length, right.length], data: values }, sum,
    score: (captured.get(scores)!.data as Float32Array)[head * size + query * positions + key]!,
  };
}

function requirePlace({ layer, head, dictionary }: FeaturePairOptions, graph: Graph, layers: number, heads: number): void {
  if (layer >= layers || head >= heads) throw new MechanistError('argument', `The model has ${layers} layers of ${heads} heads.`, { field: `layer ${layer}, head ${head}` });
  const hooks = [`blocks.${layer}.hook_resid_pre`, ...(layer > 0 ? [`blocks.${layer - 1}.hook_resid_post`] : [])];
  if (dictionary.kind !== 'sae' || !hooks.includes(dictionary.hooks.input ?? '')) {
    throw new MechanistError('argument', `A dictionary of ${hooks.join(' or ')} is needed.`, { field: 'dictionary', file: dictionary.source });
  }
  if (dictionary.normalization !== 'none' || dictionary.inputScale !== 1) throw new MechanistError('unsupported', 'A dictionary that normalises its input has no fixed feature directions.', { file: dictionary.source });
  if (typeOf(graph, `blocks.${layer}.attn.hook_attn_scores`) === undefined) throw new MechanistError('unsupported', 'The model has no attention scores under their standard name.');
}

interface Parts {
  readonly terms: readonly Term[];
  /** What the terms but the last, the bias, add to the stream, [d] each. */
  readonly vectors: readonly Float32Array[];
}

/** The stream at one position as active features and error; what is left, b_dec, goes with the bias. */
async function partsAt(runtime: Runtime, stream: Tensor, position: number, dictionary: Dictionary): Promise<Parts> {
  const width = stream.dims[2]!;
  const x = (stream.data as Float32Array).slice(position * width, (position + 1) * width);
  const { acts, reconstruction } = await encodeRows(dictionary, { dtype: 'float32', dims: [1, width], data: x }, runtime);
  const decoder = dictionary.parameters.get('W_dec').data as Float32Array;
  const terms: Term[] = [];
  const vectors: Float32Array[] = [];
  acts.data.forEach((activation, feature) => {
    if (activation === 0) return;
    const row = decoder.subarray(feature * width, (feature + 1) * width);
    const size = dictionary.rescaleActsByDecoderNorm ? activation / Math.sqrt(dot(row, row)) : activation;
    terms.push(feature);
    vectors.push(row.map((value) => size * value));
  });
  vectors.push(x.map((value, i) => value - reconstruction.data[i]!));
  // b_dec rides with the bias row: see `differencesFromLast`.
  vectors.push((dictionary.parameters.get('b_dec').data as Float32Array).slice());
  return { terms: [...terms, 'error', 'bias'], vectors };
}

/** A batch whose row i holds vector i at one position, and zeros elsewhere; the last row is all zeros. */
function streamOf(vectors: readonly Float32Array[], position: number, positions: number): Tensor<'float32'> {
  const width = vectors[0]!.length;
  const rows = vectors.length + 1;
  const result = zeros('float32', [rows, positions, width]);
  vectors.forEach((vector, row) => result.data.set(vector, (row * positions + position) * width));
  return result;
}

/** An affine map's linear part on each row: its value less that of the zero row. The bias row keeps the constant. */
function differencesFromLast({ dims, data }: Tensor, position: number, head: number): Float32Array[] {
  const [rows, positions, heads, width] = dims as [number, number, number, number];
  const at = (row: number): Float32Array => (data as Float32Array).slice(((row * positions + position) * heads + head) * width, ((row * positions + position) * heads + head + 1) * width);
  const constant = at(rows - 1);
  return Array.from({ length: rows - 1 }, (_, row) => (row === rows - 2 ? at(row) : at(row).map((value, i) => value - constant[i]!)));
}

/**
 * The factor between query · key and the score, read off this run over all keys the query sees.
 * Errors: `unsupported` when no factor fits, as with a soft cap.
 */
function scoreFactor(captured: ReadonlyMap<string, Tensor>, names: { q: string; k: string; scores: string }, head: number, keyHead: number, query: number): number {
  const row = (name: string, position: number, at: number): Float32Array => {
    const { dims, data } = captured.get(name)!;
    const [, , heads, width] = dims as [number, number, number, number];
    return (data as Float32Array).subarray((position * heads + at) * width, (position * heads + at + 1) * width);
  };
  const scores = captured.get(names.scores)!;
  const positions = scores.dims[2]!;
  const pairs = Array.from({ length: query + 1 }, (_, key) => ({
    product: dot(row(names.q, query, head), row(names.k, key, keyHead)),
    score: (scores.data as Float32Array)[(head * positions + query) * positions + key]!,
  })).filter(({ score }) => score > -1e30);
  const factor = pairs.reduce((sum, { product, score }) => sum + product * score, 0) / pairs.reduce((sum, { product }) => sum + product * product, 0);
  const scale = Math.max(...pairs.map(({ score }) => Math.abs(score)));
  if (pairs.some(({ product, score }) => Math.abs(factor * product - score) > 1e-3 * Math.max(1, scale))) {
    throw new MechanistError('unsupported', 'The scores of this layer are not proportional to query · key (a soft cap, for instance), so they do not split into pairs.');
  }
  return factor;
}
