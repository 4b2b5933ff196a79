/**
 * Transcoders bound to a model, one layer at a time, whatever their kind: where a layer's features read, in which
 * direction, and what they write where. Algorithms reference §12.
 */
import { createHash } from 'node:crypto';
import type { CrossLayerTranscoder, Dictionary, TranscoderSet } from '../../engine/dictionaries/dictionary.ts';
import { MechanistError } from '../../engine/errors.ts';
import { openSafetensors } from '../../engine/formats/safetensors.ts';
import { typeOf } from '../../engine/graph/ir.ts';
import type { Graph } from '../../engine/graph/ir.ts';
import type { Model } from '../../engine/models/model.ts';
import { unknownHook } from '../../engine/models/hookPattern.ts';
import type { Tensor } from '../../engine/tensor.ts';
import { resolveHook } from './resolveHook.ts';

export type Transcoders = TranscoderSet | CrossLayerTranscoder;

export interface FeatureLayer {
  readonly layer: number;
  /** Tensors of the model's graph, [batch,pos,dIn] and [batch,pos,dOut]. */
  readonly input: string;
  readonly output: string;
  readonly dIn: number;
  readonly dOut: number;
  readonly nLatents: number;
  /** Layers whose outputs the features of this layer write to, ascending. */
  readonly writesTo: readonly number[];
  /** Writes the gradient of a feature's pre-activation with respect to the input, [dIn], to `to` from `at` on. */
  writeEncoder(feature: number, to: Float32Array, at: number): void;
  /** Writes `scale` times what a feature of activation 1 adds to the output of layer `output`, [dOut]. */
  writeDecoder(feature: number, output: number, scale: number, to: Float32Array, at: number): void;
  /** What the reconstruction of this layer's output adds whatever is active, [dOut]. */
  readonly bias: Float32Array;
  /** Linear path from this layer's input to its output, row-major [dIn,dOut]. */
  readonly skip: { readonly parameter: string; readonly value: Tensor } | undefined;
  /**
   * The k largest pre-activations are kept whatever their sign: circuit-tracer's own top-k, whose files hold `k`. Other
   * top-k transcoders set negative ones to zero.
   */
  readonly keepsNegative: boolean;
  /** What encodes this layer. */
  readonly source: { readonly kind: 'dictionary'; readonly dictionary: Dictionary } | { readonly kind: 'clt'; readonly clt: CrossLayerTranscoder };
}

/**
 * The transcoders as layers of `model`.
 * Errors: `argument` when the number of layers, a hook or a width does not fit the model, or when a dictionary reads
 * what it writes; `unsupported` for input normalisations that are not linear.
 */
export function featureLayers(model: Model, transcoders: Transcoders): FeatureLayer[] {
  const layers = transcoders.kind === 'clt' ? ofCrossLayer(model, transcoders) : transcoders.transcoders.map((dictionary, layer) => ofDictionary(model, dictionary, layer));
  const wanted = model.config?.nLayers;
  if (wanted === undefined) throw new MechanistError('unsupported', 'Attribution graphs need a model with known layers.', { file: model.source });
  if (layers.length !== wanted) {
    throw new MechanistError('argument', `The model has ${wanted} layers, but there are transcoders for ${layers.length}.`, { hint: 'Every MLP needs its transcoder; choose the set that was trained on this model.' });
  }
  return layers;
}

function ofDictionary(model: Model, dictionary: Dictionary, layer: number): FeatureLayer {
  const { hooks, source, dIn, dOut, nLatents, parameters } = dictionary;
  if (hooks.input === undefined || hooks.output === undefined) {
    throw new MechanistError('argument', 'The files do not say which hook points the transcoder reads and writes.', { file: source, hint: 'Name them: --input-hook and --output-hook.' });
  }
  if (hooks.input === hooks.output) {
    throw new MechanistError('argument', `The dictionary reads and writes ${hooks.input}: an autoencoder has no path from its input to its output.`, { file: source, hint: 'Attribution graphs need transcoders.' });
  }
  if (dictionary.normalization !== 'none') {
    throw new MechanistError('unsupported', `Features behind the input normalisation "${dictionary.normalization}" are not linear in their input.`, { file: source });
  }
  const encoder = parameters.get('W_enc').data as Float32Array;
  const decoder = parameters.get('W_dec').data as Float32Array;
  const gains = dictionary.architecture === 'gated' ? (parameters.get('r_mag').data as Float32Array).map(Math.exp) : undefined;
  const norms = dictionary.rescaleActsByDecoderNorm ? rowNorms(decoder, dOut) : undefined;
  const skip = parameters.has('W_skip') ? { parameter: `skip:${layer}`, value: parameters.get('W_skip') } : undefined;
  return {
    layer, dIn, dOut, nLatents,
    ...boundHooks(model, hooks.input, hooks.output, dIn, dOut, source),
    writesTo: [layer],
    writeEncoder(feature, to, at) {
      const scale = dictionary.inputScale * (gains?.[feature] ?? 1) * (norms?.[feature] ?? 1);
      for (let i = 0; i < dIn; i++) to[at + i] = scale * encoder[i * nLatents + feature]!;
    },
    writeDecoder(feature, _output, scale, to, at) {
      const factor = scale / (dictionary.inputScale * (norms?.[feature] ?? 1));
      for (let i = 0, from = feature * dOut; i < dOut; i++) to[at + i] = factor * decoder[from + i]!;
    },
    bias: (parameters.get('b_dec').data as Float32Array).map((value) => value / dictionary.inputScale),
    skip,
    keepsNegative: dictionary.architecture === 'topk' && dictionary.metadata['layout'] === 'circuit-tracer' && holdsK(source),
    source: { kind: 'dictionary', dictionary },
  };
}

function ofCrossLayer(model: Model, clt: CrossLayerTranscoder): FeatureLayer[] {
  const { dIn, dOut, nLatents, nLayers, parameters } = clt;
  return Array.from({ length: nLayers }, (_, layer) => {
    const encoder = parameters.get(`W_enc_${layer}`).data as Float32Array;
    const decoder = parameters.get(`W_dec_${layer}`).data as Float32Array;
    const skip = `W_skip_${layer}`;
    const outputs = nLayers - layer;
    return {
      layer, dIn, dOut, nLatents,
      ...boundHooks(model, clt.hooks.inputs[layer]!, clt.hooks.outputs[layer]!, dIn, dOut, clt.source),
      writesTo: Array.from({ length: outputs }, (_unused, i) => layer + i),
      writeEncoder(feature, to, at) {
        for (let i = 0; i < dIn; i++) to[at + i] = encoder[i * nLatents + feature]!;
      },
      writeDecoder(feature, output, scale, to, at) {
        for (let i = 0, from = (feature * outputs + output - layer) * dOut; i < dOut; i++) to[at + i] = scale * decoder[from + i]!;
      },
      bias: parameters.get(`b_dec_${layer}`).data as Float32Array,
      skip: parameters.has(skip) ? { parameter: `skip:${layer}`, value: parameters.get(skip) } : undefined,
      keepsNegative: false,
      source: { kind: 'clt', clt },
    };
  });
}

function boundHooks(model: Model, inputHook: string, outputHook: string, dIn: number, dOut: number, file: string): { input: string; output: string } {
  const graph = model.graph();
  const bound = (hook: string, width: number): string => {
    const tensor = resolveHook(graph, hook);
    const shape = tensor === undefined ? undefined : typeOf(graph, tensor)?.shape;
    if (tensor === undefined || shape === undefined) throw unknownHook(hook, graph.types.keys());
    if (shape.length !== 3 || shape[2] !== width) {
      throw new MechanistError('argument', `The transcoder has width ${width} here, but the model's ${hook} has shape [${shape.join(', ')}].`, { file, field: `hook ${hook}`, hint: 'Choose the transcoders that were trained on this model.' });
    }
    return tensor;
  };
  return { input: bound(inputHook, dIn), output: bound(outputHook, dOut) };
}

/** Identity of each dictionary of a set. */
export function hashesOf(transcoders: Transcoders): string[] {
  return transcoders.kind === 'clt' ? [transcoders.hash()] : transcoders.transcoders.map((dictionary) => dictionary.hash());
}

/** Identity of a set as a whole: 64 hexadecimal digits. */
export function setHash(transcoders: Transcoders): string {
  return createHash('sha256').update(hashesOf(transcoders).join('\n')).digest('hex');
}

/** The name under which graph files speak of a set. */
export function scanOf({ metadata, id }: Transcoders): string {
  return typeof metadata['scan'] === 'string' ? metadata['scan'] : id;
}

function holdsK(file: string): boolean {
  const weights = openSafetensors(file);
  try {
    return weights.has('k');
  } finally {
    weights.close();
  }
}

function rowNorms(matrix: Float32Array, width: number): Float32Array {
  return Float32Array.from({ length: matrix.length / width }, (_, row) => Math.hypot(...matrix.subarray(row * width, (row + 1) * width)));
}

/** Symbols of the two axes of `input_ids`. Errors: `unsupported` for a model that takes no tokens, or a fixed number of them. */
export function inputAxes(graph: Graph): { batch: string; position: string } {
  const [batch, position] = graph.inputs.get('input_ids')?.shape ?? [];
  if (typeof batch !== 'string' || typeof position !== 'string') {
    throw new MechanistError('unsupported', 'Attribution graphs need a language model that takes input_ids of any length.');
  }
  return { batch, position };
}
