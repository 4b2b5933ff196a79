/** The programs behind text requests: what is shown of each token, reduced inside the graph to a few numbers per token. */
import { MechanistError } from '../../engine/errors.ts';
import { GraphBuilder } from '../../engine/graph/builder.ts';
import { int } from '../../engine/graph/ir.ts';
import type { Graph } from '../../engine/graph/ir.ts';
import type { Model } from '../../engine/models/model.ts';
import type { OpenDictionary } from '../dictionaries.ts';

/** Names of the results. b = 1; p counts special tokens. */
export const outputs = {
  /** Log-probability (nats) of each position's target, float32 [b,p,1]. */
  target: 'text/target_log_probability',
  /** The likeliest next tokens, int64 [b,p,k], and their log-probabilities [b,p,k]. */
  topIds: 'text/top_ids',
  topLogProbabilities: 'text/top_log_probabilities',
  /** The strongest features, int64 [b,p,k], and their activations [b,p,k]. */
  features: 'text/features',
  activations: 'text/activations',
  /** Activation of the one feature asked for [b,p,1]. */
  feature: 'text/feature_activation',
} as const;

/** Feeds besides the model's own: the token whose probability is asked at each position, int64 [b,p]; a feature's index, int64 [1]. */
export const targetsInput = 'text/targets';
export const featureInput = 'text/feature';

export interface InspectionParts {
  readonly predictions: number;
  readonly features: { readonly dictionary: OpenDictionary; readonly count: number } | undefined;
}

/** Surprise, predictions, and features where there is a dictionary. */
export function inspectionGraph(model: Model, { predictions, features }: InspectionParts): Graph {
  const b = new GraphBuilder(model.graph());
  const names: string[] = [];
  if (predictsNext(model)) {
    const logProbabilities = appendTargets(b, model);
    const [values, ids] = topk(b, logProbabilities, predictions);
    names.push(outputs.target, b.identity(ids, outputs.topIds), b.identity(values, outputs.topLogProbabilities));
  }
  if (features !== undefined) {
    const { values, indices } = features.dictionary.appendSparse(b, features.count);
    names.push(b.identity(indices, outputs.features), b.identity(values, outputs.activations));
  }
  if (names.length === 0) throw new MechanistError('unsupported', 'This model does not predict the next token, and no dictionary is open for it.', { file: model.source });
  return b.build(names);
}

/** Errors: `unsupported` for a model that does not predict the next token. */
export function surpriseGraph(model: Model): Graph {
  if (!predictsNext(model)) throw new MechanistError('unsupported', 'This model does not predict the next token, so its surprise is not defined.', { file: model.source });
  const b = new GraphBuilder(model.graph());
  appendTargets(b, model);
  return b.build([outputs.target]);
}

/** The activation of one feature, chosen at run time. */
export function featureGraph(model: Model, dictionary: OpenDictionary): Graph {
  const b = new GraphBuilder(model.graph());
  b.input(featureInput, 'int64', [1]);
  b.gather(dictionary.appendDense(b), featureInput, -1, outputs.feature);
  return b.build([outputs.feature]);
}

/** Whether the main output is logits over the next token. An imported file of unknown architecture is taken to be causal. */
function predictsNext(model: Model): boolean {
  const shape = model.graph().types.get(model.output)?.shape;
  return model.config?.causal !== false && shape?.length === 3;
}

/** Log-probabilities [b,p,v]; adds the targets' as a result. */
function appendTargets(b: GraphBuilder, model: Model): string {
  const logProbabilities = b.node('LogSoftmax', [model.output], { attributes: { axis: int(-1) } });
  b.input(targetsInput, 'int64', b.shapeOf('input_ids'));
  b.node('GatherElements', [logProbabilities, b.unsqueeze(targetsInput, [2])], { attributes: { axis: int(-1) }, outputs: [outputs.target] });
  return logProbabilities;
}

function topk(b: GraphBuilder, x: string, count: number): [values: string, ids: string] {
  const size = b.shapeOf(x).at(-1);
  const kept = typeof size === 'number' ? Math.min(count, size) : count;
  return b.nodeMany('TopK', [x, b.vector([kept])], { outputs: 2, attributes: { axis: int(-1), sorted: int(1) } }) as [string, string];
}
