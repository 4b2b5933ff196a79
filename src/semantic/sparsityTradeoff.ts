/** L0 against fidelity: the same hook point, dictionaries of several kinds and sparsities, trained alike and measured alike. */
import type { Dictionary } from '../engine/dictionaries/dictionary.ts';
import type { TrainingArchitecture } from '../engine/dictionaries/train/options.ts';
import { trainOnModel } from '../engine/dictionaries/train/trainOnModel.ts';
import type { ModelTrainingRequest } from '../engine/dictionaries/train/trainOnModel.ts';
import { dictionaryMetrics } from './dictionaryMetrics.ts';
import type { Interval } from './metrics/bootstrap.ts';
import type { TokenBatch } from './metrics/batches.ts';

/** One dictionary of the table: `k` for topk, batchtopk and jumprelu, `sparsity` (the L1 weight) for standard. */
export interface TradeoffPoint {
  readonly architecture: TrainingArchitecture;
  readonly k?: number;
  readonly sparsity?: number;
  readonly learningRate?: number;
}

export interface TradeoffRow extends TradeoffPoint {
  readonly l0: Interval;
  readonly fvu: Interval;
  readonly ceRecovered: Interval;
  /** Share of latents that never fired on the evaluation documents. */
  readonly dead: number;
  readonly dictionary: Dictionary;
}

/** The points of the usual table. L1 dictionaries get a higher rate than their default, which is meant for long trainings. */
export const usualPoints: readonly TradeoffPoint[] = [
  ...[8, 16, 32].flatMap((k) => (['topk', 'jumprelu'] as const).map((architecture) => ({ architecture, k }))),
  ...[0.4, 0.2, 0.1].map((sparsity) => ({ architecture: 'standard' as const, sparsity, learningRate: 1e-3 })),
];

/**
 * Trains and measures every point in turn; yields each row when it is done. `batches` should be held out from the
 * training contexts. Errors: those of `trainOnModel` and `dictionaryMetrics`.
 */
export async function* sparsityTradeoff(points: readonly TradeoffPoint[], request: Omit<ModelTrainingRequest, 'id' | 'checkpoint'>, batches: readonly TokenBatch[]): AsyncGenerator<TradeoffRow> {
  for (const point of points) {
    const training = trainOnModel({ ...request, id: 'tradeoff', training: { ...request.training, ...point } });
    let next = await training.next();
    while (!next.done) next = await training.next();
    const dictionary = next.value as Dictionary;
    const { scores, density } = await dictionaryMetrics({
      model: request.model, runtime: request.runtime, dictionary, batches, resamples: 200,
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    });
    yield { ...point, l0: scores.l0, fvu: scores.fvu, ceRecovered: scores.ceRecoveredZero, dead: density.dead, dictionary };
  }
}
