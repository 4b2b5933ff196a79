/** How much worse each token is predicted when a feature is ablated, beside the same amount along a random direction. */
import { GraphBuilder } from '../../engine/graph/builder.ts';
import { int } from '../../engine/graph/ir.ts';
import type { Graph } from '../../engine/graph/ir.ts';
import { requireCausal } from '../../engine/models/causal.ts';
import type { Model } from '../../engine/models/model.ts';
import type { Runtime } from '../../engine/runtime/runtime.ts';
import type { Tensor } from '../../engine/tensor.ts';
import type { FeatureSource } from '../store/source.ts';
import { activationOutput, steeringProgram } from './steer.ts';

export interface TokenLosses {
  /** −log p with the feature ablated minus without, nats [positions]; NaN at the first token. */
  readonly delta: Float32Array;
  readonly random: Float32Array;
  readonly activations: Float32Array;
}

/** One entry per context of `ids` int64 [contexts, positions]. Yields after every run. Errors: as `featureEffect`. */
export async function* lossEffect(model: Model, runtime: Runtime, source: FeatureSource, feature: number, ids: Tensor<'int64'>, seed: number): AsyncGenerator<void, TokenLosses[]> {
  requireCausal(model, 'the effect on it');
  const [contexts, positions] = ids.dims as [number, number];
  const program = steeringProgram(model, source);
  const [plain, changed] = [nextLosses(model.graph(), model, []), nextLosses(program.graph, model, [activationOutput])];
  const feeds = model.feeds(new Map([['input_ids', ids]]));
  const before = (await runtime.run(plain, feeds, model.parameters)).get(lossOutput)!.data as Float32Array;
  yield;
  const where = new Float32Array(contexts * positions).fill(1);
  const ablated = async (random?: { seed: number }): Promise<Map<string, Tensor>> => runtime.run(changed, new Map([...feeds, ...program.feeds(feature, { kind: 'ablate' }, where, [contexts, positions], random)]), program.parameters);
  const own = await ablated();
  yield;
  const control = await ablated({ seed });
  const activations = own.get(activationOutput)!.data as Float32Array;
  const difference = (results: Map<string, Tensor>, context: number): Float32Array => {
    const after = results.get(lossOutput)!.data as Float32Array;
    return Float32Array.from({ length: positions }, (_, p) => (p === 0 ? Number.NaN : after[context * (positions - 1) + p - 1]! - before[context * (positions - 1) + p - 1]!));
  };
  return Array.from({ length: contexts }, (_, context) => ({
    delta: difference(own, context), random: difference(control, context), activations: activations.slice(context * positions, (context + 1) * positions),
  }));
}

/** Means over the tokens that come right after one on which the feature fires: those it predicts. */
export function meanLosses(rows: readonly TokenLosses[]): { mean: number; random: number } {
  let [count, mean, random] = [0, 0, 0];
  for (const row of rows) {
    for (let p = 1; p < row.delta.length; p++) {
      if (!(row.activations[p - 1]! > 0)) continue;
      count++;
      mean += row.delta[p]!;
      random += row.random[p]!;
    }
  }
  return { mean: count === 0 ? Number.NaN : mean / count, random: count === 0 ? Number.NaN : random / count };
}

const lossOutput = 'steering/losses';

/** −log p of every next token [b, p−1]. */
function nextLosses(graph: Graph, model: Model, others: readonly string[]): Graph {
  const b = new GraphBuilder(graph);
  const predicted = b.node('LogSoftmax', [b.slice(model.output, 1, 0, -1)], { attributes: { axis: int(-1) } });
  const next = b.unsqueeze(b.slice('input_ids', 1, 1), [2]);
  b.unary('Neg', b.squeeze(b.node('GatherElements', [predicted, next], { attributes: { axis: int(2) } }), [2]), lossOutput);
  return b.build([lossOutput, ...others]);
}
