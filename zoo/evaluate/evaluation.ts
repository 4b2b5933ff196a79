/** All scores of a model, of the same model before training, and of the n-gram model: the content of evaluation.json. */
import { headScores } from '../../src/algorithmic/headScores.ts';
import type { HeadScores } from '../../src/algorithmic/headScores.ts';
import type { Model } from '../../src/engine/models/model.ts';
import type { Runtime } from '../../src/engine/runtime/runtime.ts';
import type { FableTokenizer } from '../tokenizer/encode.ts';
import { behaviorTasks, scoreBehavior, scoreStories } from './behaviors.ts';
import type { BehaviorScore, StoryScore } from './behaviors.ts';
import { modelPredictor } from './predictor.ts';
import type { Predictor } from './predictor.ts';

export interface PredictorScores {
  readonly behaviors: readonly BehaviorScore[];
  readonly story: StoryScore;
}

export interface ModelScores extends PredictorScores {
  readonly heads: readonly HeadScores[];
}

export interface Evaluation {
  readonly model: string;
  /** SHA-256 of configuration and weights, as the engine computes it. */
  readonly hash: string;
  readonly trained: ModelScores;
  /** The same architecture and seed before the first step. */
  readonly untrained: ModelScores;
  readonly ngram: PredictorScores & { readonly order: number; readonly tokens: number };
}

/** Every behaviour and the stories; numbers rounded, so that the files do not change in the last bits. */
export async function scorePredictor(predictor: Predictor, tokenizer: FableTokenizer): Promise<PredictorScores> {
  const behaviors: BehaviorScore[] = [];
  for (const task of behaviorTasks) behaviors.push(rounded(await scoreBehavior(task, predictor, tokenizer)));
  return { behaviors, story: rounded(await scoreStories(predictor, tokenizer)) };
}

/** The scores of `scorePredictor`, and those of every head. */
export async function scoreModel(model: Model, runtime: Runtime, tokenizer: FableTokenizer): Promise<ModelScores> {
  const scores = await scorePredictor(modelPredictor(model, runtime, tokenizer.pad), tokenizer);
  return { ...scores, heads: (await scoreHeads(model, runtime, tokenizer)).map(rounded) };
}

/** Head scores on 20 spans of 40 random ordinary tokens, each repeated once. */
export function scoreHeads(model: Model, runtime: Runtime, tokenizer: FableTokenizer): Promise<HeadScores[]> {
  return headScores(model, runtime, { bosId: tokenizer.bos, tokenIds: tokenizer.ordinary, span: 40, rows: 20 });
}

function rounded<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, typeof item === 'number' ? Number(item.toFixed(4)) : item])) as T;
}
