/** Scores of a predictor on the held-out behaviours, each with its number of items and a 95 % interval. */
import type { FableTokenizer } from '../tokenizer/encode.ts';
import { behaviorItems, inductionItems, storyItems } from '../corpus/behaviors.ts';
import type { BehaviorItem, StoryItem } from '../corpus/behaviors.ts';
import { bootstrapRatio, wilson } from './interval.ts';
import type { GroupSum } from './interval.ts';
import type { Predictor } from './predictor.ts';

/** How an item is scored, 0…1: whether the right token is the most probable of all, or more probable than every wrong one; or the probability of all right tokens together. */
export type Measure = 'top1' | 'preferred' | 'mass';

export interface BehaviorTask {
  readonly name: string;
  readonly measure: Measure;
  /** Items when `documents` documents are drawn. */
  readonly items: (tokenizer: FableTokenizer, documents: number) => BehaviorItem[];
  /** Documents of the full evaluation. */
  readonly documents: number;
}

export const behaviorTasks: readonly BehaviorTask[] = [
  { name: 'induction20', measure: 'top1', documents: 150, items: (tokenizer, count) => inductionItems(tokenizer, count, 20) },
  { name: 'induction40', measure: 'top1', documents: 150, items: (tokenizer, count) => inductionItems(tokenizer, count, 40) },
  { name: 'ioi', measure: 'preferred', documents: 2000, items: (tokenizer, count) => behaviorItems('ioi', tokenizer, count) },
  { name: 'agreement', measure: 'preferred', documents: 2000, items: (tokenizer, count) => behaviorItems('agreement', tokenizer, count) },
  { name: 'bracket', measure: 'preferred', documents: 2000, items: (tokenizer, count) => behaviorItems('bracket', tokenizer, count) },
  { name: 'greaterThan', measure: 'mass', documents: 1000, items: (tokenizer, count) => behaviorItems('greaterThan', tokenizer, count) },
  { name: 'docstring', measure: 'top1', documents: 1000, items: (tokenizer, count) => behaviorItems('docstring', tokenizer, count) },
];

/** Stories of the full evaluation. */
const storyCount = 500;

export interface BehaviorScore {
  readonly name: string;
  readonly measure: Measure;
  readonly items: number;
  /** Independent documents the items come from. */
  readonly documents: number;
  readonly score: number;
  readonly low: number;
  readonly high: number;
  readonly interval: 'wilson' | 'bootstrap';
}

export interface StoryScore {
  readonly stories: number;
  readonly tokens: number;
  /** Mean nats per token: the predictor's cross-entropy, and the grammar's own −log probability. */
  readonly nats: number;
  readonly grammarNats: number;
  /** Perplexity of the predictor over that of the grammar, with the interval of that ratio. */
  readonly ratio: number;
  readonly low: number;
  readonly high: number;
}

/** Share of right answers (or mean probability of them) on the first `documents` documents of a task. */
export async function scoreBehavior(task: BehaviorTask, predictor: Predictor, tokenizer: FableTokenizer, documents = task.documents): Promise<BehaviorScore> {
  const items = task.items(tokenizer, documents);
  const values = new Float64Array(items.length);
  await predictor.predict(items, (index, logProbabilities) => {
    values[index] = valueOf(items[index]!, task.measure, logProbabilities);
  });
  const groups = [...Map.groupBy(items.keys(), (index) => items[index]!.group).values()].map((indices): GroupSum => ({
    sum: indices.reduce((sum, index) => sum + values[index]!, 0),
    weight: indices.length,
  }));
  const total = values.reduce((sum, value) => sum + value, 0);
  // A resample of documents without an error has none either: what they allow is told by their number.
  const flawless = task.measure !== 'mass' && total === items.length;
  const independent = groups.length === items.length && task.measure !== 'mass';
  return {
    name: task.name, measure: task.measure, items: items.length, documents: groups.length,
    score: total / items.length,
    ...(independent || flawless ? wilson(flawless ? groups.length : total, groups.length) : bootstrapRatio(groups, 0)),
    interval: independent || flawless ? 'wilson' : 'bootstrap',
  };
}

/** Perplexity on held-out stories, from the second sentence on, against that of the grammar which wrote them. */
export async function scoreStories(predictor: Predictor, tokenizer: FableTokenizer, count = storyCount): Promise<StoryScore> {
  const stories = storyItems(tokenizer, count);
  const queries = stories.flatMap((story, index) => scoredPositions(story).map((at) => ({ ids: story.ids, position: at - 1, at, story: index })));
  const nats = new Float64Array(count);
  await predictor.predict(queries, (index, logProbabilities) => {
    const { at, story, ids } = queries[index]!;
    nats[story]! -= logProbabilities[ids[at]!]!;
  });
  const weights = stories.map((story) => story.ids.length - story.from);
  const grammar = stories.map((story) => scoredPositions(story).reduce((sum, at) => sum + story.surprise[at]!, 0));
  const tokens = queries.length;
  const excess = bootstrapRatio(stories.map((_, i) => ({ sum: nats[i]! - grammar[i]!, weight: weights[i]! })), 0);
  const mean = (values: Iterable<number>): number => [...values].reduce((sum, value) => sum + value, 0) / tokens;
  return {
    stories: count, tokens, nats: mean(nats), grammarNats: mean(grammar),
    ratio: Math.exp(mean(nats) - mean(grammar)), low: Math.exp(excess.low), high: Math.exp(excess.high),
  };
}

function valueOf({ targets, distractors }: BehaviorItem, measure: Measure, logProbabilities: Float64Array): number {
  if (measure === 'mass') return targets.reduce((sum, id) => sum + Math.exp(logProbabilities[id]!), 0);
  const right = logProbabilities[targets[0]!]!;
  const others = measure === 'top1' ? logProbabilities.keys() : distractors;
  for (const id of others) if (id !== targets[0] && logProbabilities[id]! >= right) return 0;
  return 1;
}

function scoredPositions({ ids, from }: StoryItem): number[] {
  return Array.from({ length: ids.length - from }, (_, i) => from + i);
}
