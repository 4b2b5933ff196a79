/** One run of the prompt: what is read off it, which features are active, and what the transcoders leave as error. */
import { appendEncode, appendEncodeLayer, appendTopkMask, weight } from '../../engine/dictionaries/encode.ts';
import { parameterName } from '../../engine/dictionaries/dictionary.ts';
import type { Dictionary } from '../../engine/dictionaries/dictionary.ts';
import { MechanistError, throwIfCancelled } from '../../engine/errors.ts';
import { GraphBuilder } from '../../engine/graph/builder.ts';
import type { Graph } from '../../engine/graph/ir.ts';
import { prune } from '../../engine/graph/prune.ts';
import type { Model } from '../../engine/models/model.ts';
import type { ParameterSource } from '../../engine/runtime/program.ts';
import type { Runtime } from '../../engine/runtime/runtime.ts';
import type { Tensor } from '../../engine/tensor.ts';
import type { FeatureLayer } from './featureLayers.ts';

/** Values of tensors of the model on the prompt, one row. */
export type PromptRun = ReadonlyMap<string, Tensor>;

/**
 * Runs the prompt and keeps `tensors`.
 * Errors: `argument` for a prompt that does not fit the model; `runtime` when a value is not finite.
 */
export async function runPrompt(model: Model, runtime: Runtime, inputs: ReadonlyMap<string, Tensor>, tensors: readonly string[]): Promise<PromptRun> {
  const run = await runtime.run(prune(model.graph(), [...new Set(tensors)]), model.feeds(inputs), model.parameters);
  for (const [name, { dims, data }] of run) {
    const at = (data as Float32Array).findIndex((value) => !Number.isFinite(value));
    if (at < 0) continue;
    const width = dims.at(-1)!;
    throw new MechanistError('runtime', `The model's activations are not finite: ${String(data[at])} at ${name}, position ${Math.floor(at / width) % dims[1]!}.`, {
      field: `hook ${name}`, hint: 'The weights may be damaged or overflow in this precision; check the model on another prompt.',
    });
  }
  return run;
}

/** Active features in the order layer, position, feature. Parallel arrays. */
export interface ActiveFeatures {
  readonly layer: Int32Array;
  readonly position: Int32Array;
  readonly feature: Int32Array;
  readonly activation: Float32Array;
  /** Where each layer begins, with the total at the end. */
  readonly layerStart: Uint32Array;
  /** Active features at positions whose features are left out. */
  readonly ignored: number;
}

/**
 * Encodes every layer's input. Activations at the first `ignoredPositions` positions count as zero.
 * Errors: `runtime` when an activation is not finite; `cancelled`.
 */
export async function activeFeatures(layers: readonly FeatureLayer[], run: PromptRun, runtime: Runtime, ignoredPositions: number, signal?: AbortSignal): Promise<ActiveFeatures> {
  const found = { layer: [] as number[], position: [] as number[], feature: [] as number[], activation: [] as number[] };
  const layerStart = [0];
  let ignored = 0;
  for (const layer of layers) {
    throwIfCancelled(signal);
    const acts = await activationsOf(layer, run.get(layer.input)!, runtime);
    const values = acts.data as Float32Array;
    for (let i = 0; i < values.length; i++) {
      const activation = values[i]!;
      if (activation === 0) continue;
      const position = Math.floor(i / layer.nLatents);
      const feature = i % layer.nLatents;
      if (!Number.isFinite(activation)) {
        throw new MechanistError('runtime', `Feature ${feature} of layer ${layer.layer} has activation ${activation} at position ${position}.`, { hint: 'The transcoder may be damaged or belong to another model.' });
      }
      if (position < ignoredPositions) {
        ignored++;
        continue;
      }
      found.layer.push(layer.layer);
      found.position.push(position);
      found.feature.push(feature);
      found.activation.push(activation);
    }
    layerStart.push(found.layer.length);
  }
  return {
    layer: Int32Array.from(found.layer),
    position: Int32Array.from(found.position),
    feature: Int32Array.from(found.feature),
    activation: Float32Array.from(found.activation),
    layerStart: Uint32Array.from(layerStart),
    ignored,
  };
}

/** Activations [1,pos,nLatents]. Layers of equal shape share one program. */
async function activationsOf(layer: FeatureLayer, x: Tensor, runtime: Runtime): Promise<Tensor> {
  const { graph, parameters } = encoderOf(layer);
  return (await runtime.run(graph, new Map([['x', x]]), parameters)).get('acts')!;
}

function encoderOf(layer: FeatureLayer): { graph: Graph; parameters: ParameterSource } {
  const b = new GraphBuilder();
  const x = b.input('x', 'float32', ['batch', 'pos', layer.dIn]);
  const { source } = layer;
  const weights = source.kind === 'dictionary' ? source.dictionary : source.clt;
  const acts = source.kind === 'clt' ? appendEncodeLayer(b, { ...source.clt, id: shared }, 0, x)
    : layer.keepsNegative ? signedTopk(b, { ...source.dictionary, id: shared }, x)
    : appendEncode(b, { ...source.dictionary, id: shared }, x).acts;
  b.output(b.identity(acts, 'acts'));
  const prefix = parameterName({ id: shared }, '');
  const nameOf = (name: string): string => (source.kind === 'clt' ? name.replace(/_0$/, `_${layer.layer}`) : name);
  return { graph: b.build(), parameters: { get: (name) => weights.parameters.get(nameOf(name.slice(prefix.length))) } };
}

function signedTopk(b: GraphBuilder, dictionary: Dictionary, x: string): string {
  const hidden = b.add(b.matmul(x, weight(b, dictionary, 'W_enc')), weight(b, dictionary, 'b_enc'));
  return b.mul(hidden, appendTopkMask(b, hidden, dictionary.k!));
}

/** All layers go under one name, and those of a cross-layer transcoder under the number of its first, so that their graphs are equal. */
const shared = 'transcoder';

/**
 * Errors of the reconstruction per layer, [pos,dOut] each: the output minus what features, bias and skip path give.
 * Zero at the ignored positions.
 */
export function errorVectors(layers: readonly FeatureLayer[], run: PromptRun, active: ActiveFeatures, ignoredPositions: number): Float32Array[] {
  const positions = run.get(layers[0]!.output)!.dims[1]!;
  const sums = layers.map(({ output, bias, skip, input, dIn, dOut }) => {
    const sum = Float64Array.from(run.get(output)!.data as Float32Array, (value, i) => value - bias[i % dOut]!);
    if (skip !== undefined) subtractProduct(sum, run.get(input)!.data as Float32Array, skip.value.data as Float32Array, dIn, dOut);
    return sum;
  });
  const vector = new Float32Array(Math.max(...layers.map(({ dOut }) => dOut)));
  for (let i = 0; i < active.feature.length; i++) {
    const layer = layers[active.layer[i]!]!;
    for (const output of layer.writesTo) {
      layer.writeDecoder(active.feature[i]!, output, active.activation[i]!, vector, 0);
      const sum = sums[output]!;
      const at = active.position[i]! * layer.dOut;
      for (let d = 0; d < layer.dOut; d++) sum[at + d]! -= vector[d]!;
    }
  }
  return sums.map((sum, layer) => {
    const vectors = Float32Array.from(sum);
    vectors.fill(0, 0, Math.min(ignoredPositions, positions) * layers[layer]!.dOut);
    return vectors;
  });
}

function subtractProduct(sum: Float64Array, x: Float32Array, weight: Float32Array, dIn: number, dOut: number): void {
  for (let row = 0; row < x.length / dIn; row++) {
    for (let i = 0; i < dIn; i++) {
      const factor = x[row * dIn + i]!;
      for (let d = 0; d < dOut; d++) sum[row * dOut + d]! -= factor * weight[i * dOut + d]!;
    }
  }
}
