/**
 * Where in the network a feature is read and written: the norm of its direction times each component's weights, beside
 * what a random direction of equal norm gives in expectation (root mean square: ‖W‖_F/√d). Norm scales are left out.
 */
import type { Model } from '../../engine/models/model.ts';
import type { FeatureSource } from '../store/source.ts';
import { encoderDirection, residualDirection } from './directions.ts';
import { throughNorm } from './logits.ts';

export interface Connection {
  /** Hook point of the component, heads in brackets as `blocks.3.attn.hook_q[1]`. */
  readonly component: string;
  readonly layer: number;
  readonly weight: number;
  readonly random: number;
}

/** Later components that read what the feature writes, by weight over random. None for models whose weights have no standard names. */
export function readers(model: Model, source: FeatureSource, feature: number): Connection[] {
  const { config } = model;
  if (config === undefined || !hasBlocks(model)) return [];
  const found: Connection[] = [];
  for (let layer = 0; layer < config.nLayers; layer++) {
    const attention = residualDirection(model, source, feature, layer);
    if (attention !== undefined) {
      const seen = throughNorm(model, `blocks.${layer}.ln1`, attention);
      const norm = Math.hypot(...attention);
      for (const [weights, hook, heads] of [['W_Q', 'hook_q', config.nHeads], ['W_K', 'hook_k', config.nKeyValueHeads], ['W_V', 'hook_v', config.nKeyValueHeads]] as const) {
        found.push(...perHead(model, `blocks.${layer}.attn.${weights}`, `blocks.${layer}.ln1`, seen, norm, heads).map(({ head, ...values }) => ({ component: `blocks.${layer}.attn.${hook}[${head}]`, layer, ...values })));
      }
    }
    const mlp = writesBeforeMlp(model, source, layer) ? residualDirection(model, source, feature, layer + 1) : attention;
    if (mlp === undefined) continue;
    const seen = throughNorm(model, `blocks.${layer}.ln2`, mlp);
    const [whole] = perHead(model, `blocks.${layer}.mlp.W_in`, `blocks.${layer}.ln2`, seen, Math.hypot(...mlp), 1);
    if (whole !== undefined) found.push({ component: `blocks.${layer}.mlp.hook_pre`, layer, weight: whole.weight, random: whole.random });
  }
  return found.toSorted(byRatio);
}

/** Earlier components that write what the feature's encoder reads, by weight over random. */
export function writers(model: Model, source: FeatureSource, feature: number): Connection[] {
  const { config } = model;
  const at = /^blocks\.(\d+)\.(.+)$/.exec(source.hook);
  if (config === undefined || !hasBlocks(model) || at === null) return [];
  const [layer, place] = [Number(at[1]), at[2]!];
  const encoder = encoderDirection(source, feature);
  if (encoder.length !== config.dModel) return [];
  const beforeMlp = ['hook_resid_mid', 'hook_mlp_in', 'ln2.hook_normalized'].includes(place);
  if (!beforeMlp && !['hook_resid_pre', 'hook_resid_post', 'ln1.hook_normalized'].includes(place)) return [];
  // With LayerNorm the normalised hook point comes after the norm's weights, with RMSNorm before them.
  const read = place.endsWith('hook_normalized') && config.normalization === 'LN' ? throughNorm(model, `blocks.${layer}.${place.split('.')[0]}`, encoder) : Float64Array.from(encoder);
  const found: Connection[] = [];
  for (let l = 0; l <= layer; l++) {
    const last = l === layer;
    if (!last || beforeMlp || place === 'hook_resid_post') {
      found.push(...rowGroups(model, `blocks.${l}.attn.W_O`, read, config.nHeads).map(({ head, ...values }) => ({ component: `blocks.${l}.attn.hook_z[${head}]`, layer: l, ...values })));
    }
    if (!last || place === 'hook_resid_post') found.push(...rowGroups(model, `blocks.${l}.mlp.W_out`, read, 1).map(({ weight, random }) => ({ component: `blocks.${l}.mlp.hook_post`, layer: l, weight, random })));
  }
  return found.toSorted(byRatio);
}

/** Written between attention and MLP of this layer, so that its MLP reads it already. */
function writesBeforeMlp({ config }: Model, { weights }: FeatureSource, layer: number): boolean {
  if (weights.kind === 'clt' || config?.parallelAttnMlp === true) return false;
  return ['attn.hook_z', 'hook_attn_out', 'hook_resid_mid'].some((place) => weights.hooks.output === `blocks.${layer}.${place}`);
}

function hasBlocks({ parameters }: Model): boolean {
  return parameters.has('blocks.0.attn.W_Q') && parameters.has('blocks.0.attn.W_O');
}

interface Part {
  readonly head: number;
  readonly weight: number;
  readonly random: number;
}

/** ‖x W‖ for equal groups of columns of W [d, n]; the expectation folds the norm in front of W. */
function perHead(model: Model, name: string, norm: string, x: Float64Array, length: number, heads: number): Part[] {
  if (!model.parameters.has(name)) return [];
  const { data, dims } = model.parameters.get(name);
  const [d, n] = dims as [number, number];
  const values = new Float64Array(n);
  const matrix = data as Float32Array;
  for (let r = 0; r < d; r++) for (let c = 0; c < n; c++) values[c]! += x[r]! * matrix[r * n + c]!;
  const squares = columnSquares(model, name, norm);
  const size = n / heads;
  return Array.from({ length: heads }, (_, head) => {
    const [from, to] = [head * size, (head + 1) * size];
    const sum = (of: Float64Array, square: boolean): number => of.subarray(from, to).reduce((total, value) => total + (square ? value * value : value), 0);
    return { head, weight: Math.sqrt(sum(values, true)), random: length * Math.sqrt(sum(squares, false) / d) };
  });
}

const knownSquares = new WeakMap<object, Map<string, Float64Array>>();

/** Squared column norms of a matrix behind a norm, computed once per model. */
function columnSquares(model: Model, name: string, norm: string): Float64Array {
  const known = knownSquares.get(model.parameters) ?? new Map<string, Float64Array>();
  knownSquares.set(model.parameters, known);
  let squares = known.get(name);
  if (squares === undefined) {
    const { data, dims } = model.parameters.get(name);
    const [d, n] = dims as [number, number];
    const weights = model.parameters.has(`${norm}.w`) ? (model.parameters.get(`${norm}.w`).data as Float32Array) : new Float32Array(d).fill(1);
    const centred = model.config?.normalization === 'LN';
    const [sum, square] = [new Float64Array(n), new Float64Array(n)];
    for (let r = 0; r < d; r++) {
      for (let c = 0; c < n; c++) {
        const value = weights[r]! * (data as Float32Array)[r * n + c]!;
        sum[c]! += value;
        square[c]! += value * value;
      }
    }
    squares = square.map((value, c) => (centred ? value - (sum[c]! * sum[c]!) / d : value));
    known.set(name, squares);
  }
  return squares;
}

/** ‖W x‖ for equal groups of rows of W [n, d]. */
function rowGroups(model: Model, name: string, x: Float64Array, groups: number): Part[] {
  if (!model.parameters.has(name)) return [];
  const { data, dims } = model.parameters.get(name);
  const [n, d] = dims as [number, number];
  const length = Math.hypot(...x);
  return Array.from({ length: groups }, (_, head) => {
    let [weight, square] = [0, 0];
    for (let r = (head * n) / groups; r < ((head + 1) * n) / groups; r++) {
      let dot = 0;
      for (let c = 0; c < d; c++) {
        const value = (data as Float32Array)[r * d + c]!;
        dot += value * x[c]!;
        square += value * value;
      }
      weight += dot * dot;
    }
    return { head, weight: Math.sqrt(weight), random: length * Math.sqrt(square / d) };
  });
}

function byRatio(a: Connection, b: Connection): number {
  return b.weight / b.random - a.weight / a.random;
}
