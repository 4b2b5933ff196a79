/** What an adapter makes of a config.json: everything about a model except its weights' values. */
import type { Graph } from '../../graph/ir.ts';
import type { GraphOptions, TransformerConfig } from '../model.ts';
import type { ConfigReader } from './configReader.ts';
import { languageGraph } from './language.ts';
import type { LanguageSpec } from './language.ts';
import { outputOf } from './head.ts';
import type { WeightEntries, WeightMap } from './weights.ts';

export interface Definition {
  /** Undefined for a model of several towers. */
  readonly sizes: TransformerConfig | undefined;
  readonly weights: WeightMap;
  readonly output: string;
  /** Longest sequence, where positions are learned; rotary models have no hard limit. */
  readonly maxPositions: number | undefined;
  graph(options: GraphOptions): Graph;
}

/** One family of models. */
export interface Family {
  /** The `model_type` of config.json, which is also the name shown to people. */
  readonly modelType: string;
  /** Prefix of the base model inside a checkpoint with a head; base checkpoints omit it. */
  readonly prefix: string;
  /** Errors: `parse` and `unsupported`, naming file and field. */
  define(config: ConfigReader): Definition;
}

/** The definition of a language model. */
export function languageModel(spec: LanguageSpec, entries: WeightEntries): Definition {
  const weights = new Map(entries);
  return {
    sizes: spec.sizes,
    weights,
    output: outputOf(spec.head),
    maxPositions: spec.positions === undefined ? undefined : spec.sizes.nCtx,
    graph: (options) => languageGraph(spec, weights, options),
  };
}
