/** The program of a harvest: model and encoder in one graph, pruned to the hook point, with sparse results. */
import { withDictionaries } from '../../engine/dictionaries/dictionary.ts';
import { GraphBuilder } from '../../engine/graph/builder.ts';
import { int } from '../../engine/graph/ir.ts';
import type { Graph } from '../../engine/graph/ir.ts';
import type { Model } from '../../engine/models/model.ts';
import type { ParameterSource } from '../../engine/runtime/program.ts';
import type { Runtime } from '../../engine/runtime/runtime.ts';
import type { Tensor } from '../../engine/tensor.ts';
import { requireReads } from './source.ts';
import type { FeatureSource } from './source.ts';

/** Positive activations of a batch: token by token, `token` counting through [rows · positions]. */
export type TakeActivation = (token: number, feature: number, value: number) => void;

export interface HarvestProgram {
  /** Contexts per run: bounds what the dense pre-activations of one run take. */
  contextsPerRun(positions: number): number;
  /** Runs `ids` (int64 [rows, positions]) and hands over every positive activation in ascending order of tokens. */
  run(ids: Tensor<'int64'>, take: TakeActivation): Promise<void>;
}

/** Entries of the dense pre-activations of one run (64 MiB), and most tokens per run. */
const densestRun = 2 ** 24;
const longestRun = 2048;

const prefix = 'harvest';

/** Errors: those of `requireReads`. */
export function harvestProgram(model: Model, runtime: Runtime, source: FeatureSource): HarvestProgram {
  requireReads(model, source);
  const graph = source.k === undefined ? thresholdGraph(model, source) : topkGraph(model, source, source.k);
  const parameters: ParameterSource = withDictionaries(model.parameters, [source.weights]);
  return {
    contextsPerRun: (positions) => Math.max(1, Math.floor(Math.min(longestRun, densestRun / source.latents) / positions)),
    async run(ids, take) {
      const results = await runtime.run(graph, model.feeds(new Map([['input_ids', ids]])), parameters);
      const features = results.get(`${prefix}/features`)!.data as Int32Array;
      const values = results.get(`${prefix}/values`)!.data as Float32Array;
      if (source.k !== undefined) {
        const kept = results.get(`${prefix}/values`)!.dims.at(-1)!;
        for (let i = 0; i < values.length; i++) if (values[i]! > 0) take(Math.floor(i / kept), features[i]!, values[i]!);
        return;
      }
      const tokens = results.get(`${prefix}/tokens`)!.data as Int32Array;
      for (let i = 0; i < values.length; i++) take(tokens[i]!, features[i]!, values[i]!);
    },
  };
}

/** The k largest pre-activations of each token; the encoder's own mask is never built. */
function topkGraph(model: Model, source: FeatureSource, k: number): Graph {
  const b = new GraphBuilder(model.graph());
  source.append(b, `${prefix}/pre`);
  const [values, indices] = b.nodeMany('TopK', [`${prefix}/pre`, b.vector([Math.min(k, source.latents)])], { outputs: 2, attributes: { axis: int(-1), sorted: int(0) } });
  return b.build([b.unary('Relu', values!, `${prefix}/values`), b.cast(indices!, 'int32', `${prefix}/features`)]);
}

/** Whatever is positive, however many per token. */
function thresholdGraph(model: Model, source: FeatureSource): Graph {
  const b = new GraphBuilder(model.graph());
  const acts = b.reshape(source.append(b, `${prefix}/pre`), [-1, source.latents]);
  const places = b.node('NonZero', [acts]);
  b.node('GatherND', [acts, b.transpose(places, [1, 0])], { outputs: [`${prefix}/values`] });
  const column = (row: number, name: string): string => b.cast(b.gather(places, b.scalar(row, 'int64'), 0), 'int32', name);
  return b.build([`${prefix}/values`, column(0, `${prefix}/tokens`), column(1, `${prefix}/features`)]);
}
