/**
 * What every model is to the rest of the engine: a graph with named hook points, and parameters.
 * Families built from Hugging Face folders (families/) and imported ONNX files (graph/import/, models/onnx/) both give one.
 */
import type { Graph, ValueType } from '../graph/ir.ts';
import type { Feeds } from '../runtime/program.ts';
import type { Tensor } from '../tensor.ts';
import type { ParameterStore } from './parameters.ts';

/** Sizes and choices of a transformer, under TransformerLens' names in camel case. */
export interface TransformerConfig {
  readonly nLayers: number;
  readonly dModel: number;
  readonly nHeads: number;
  /** Fewer than `nHeads` under grouped-query attention. */
  readonly nKeyValueHeads: number;
  readonly dHead: number;
  readonly dMlp: number;
  /** Size of the last axis of `logits`: vocabulary, classes, or projection width. */
  readonly dOut: number;
  /** Longest sequence the positions allow. */
  readonly nCtx: number;
  readonly normalization: 'LN' | 'RMS';
  readonly normEps: number;
  /** Attention and MLP read the same residual stream, and no `hook_resid_mid` exists. */
  readonly parallelAttnMlp: boolean;
  readonly causal: boolean;
}

export interface GraphOptions {
  /** Element type of the computation. `float64` is for gradient checks. Default `float32`. */
  readonly dtype?: 'float32' | 'float64';
  /** Separate copies of the residual stream for q, k, v per head: `hook_q_input`, `hook_k_input`, `hook_v_input` [b,p,h,d]. */
  readonly splitQkvInput?: boolean;
  /** Each head's own contribution `attn.hook_result` [b,p,h,d]. */
  readonly attnResult?: boolean;
  /** Repeat grouped keys and values before their hooks, so that `hook_k` and `hook_v` have `nHeads` heads. */
  readonly ungroupKeyValue?: boolean;
}

export interface HookPoint {
  readonly name: string;
  readonly type: ValueType;
}

export interface Model {
  /** Short name shown to people and used in subject URIs. */
  readonly id: string;
  readonly family: string;
  /** Folder or file the model was read from. */
  readonly source: string;
  /** Undefined for an imported file of unknown architecture, and for a model of several towers. */
  readonly config: TransformerConfig | undefined;
  readonly parameters: ParameterStore;
  /** Names of the inputs a caller must give; the others have defaults (an all-ones `attention_mask`, for instance). */
  readonly requiredInputs: readonly string[];
  /** The main output: `logits` [b,p,v] for language models, [b,c] for classifiers. */
  readonly output: string;
  /** The whole graph with every hook point. Cheap to call repeatedly with equal options. */
  graph(options?: GraphOptions): Graph;
  /** Hook points in order of computation. */
  hookPoints(options?: GraphOptions): readonly HookPoint[];
  /** Completes inputs with their defaults. Errors: `argument` for a missing or misshapen input. */
  feeds(inputs: ReadonlyMap<string, Tensor>): Feeds;
  /** SHA-256 over configuration and weights: the identity that findings record. */
  hash(): Promise<string>;
}
