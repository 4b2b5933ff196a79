/** Options that give prompts in pairs: a pair file, or two files of token ids with a metric. */
import type { PromptGroup } from '../algorithmic/circuits/promptSets.ts';
import { readTextFile } from '../engine/formats/textFile.ts';
import { checkMetric } from '../engine/metrics/append.ts';
import { metricGrammar, parseMetric } from '../engine/metrics/parse.ts';
import { withReference } from '../engine/metrics/reference.ts';
import type { Model } from '../engine/models/model.ts';
import { tokenizerOf } from '../engine/models/openPath.ts';
import { requireAligned } from '../engine/pairs/alignPairs.ts';
import { requirePairs } from '../engine/pairs/readPairs.ts';
import type { Runtime } from '../engine/runtime/runtime.ts';
import { UsageError } from './command.ts';
import type { Option, OptionValues } from './command.ts';
import { inputsFromFile } from './modelInputs.ts';
import { positiveInteger } from './sharedOptions.ts';

export const promptOptions = {
  pairs: { type: 'string', value: 'FILE', description: 'Prompt pairs, one JSON object per line: {"clean": …, "corrupted": …, "answers": […], "distractors": […]}; instead of the next three.' },
  clean: { type: 'string', value: 'FILE', description: 'safetensors file with the clean inputs (input_ids [batch, pos], …).' },
  corrupted: { type: 'string', value: 'FILE', description: 'The corrupted inputs, aligned with the clean ones.' },
  metric: { type: 'string', value: 'METRIC', description: metricGrammar },
  limit: { type: 'string', value: 'N', description: 'Pairs of the file that are used (default all).' },
} as const satisfies Readonly<Record<string, Option>>;

/** Errors: `UsageError` unless one way is used; those of the pair file and of the metric. */
export async function promptGroups(model: Model, runtime: Runtime, options: OptionValues): Promise<readonly PromptGroup[]> {
  const file = options.text('pairs');
  const [clean, corrupted, metric] = ['clean', 'corrupted', 'metric'].map((name) => options.text(name));
  if (file !== undefined) {
    if (clean !== undefined || corrupted !== undefined || metric !== undefined) throw new UsageError('--pairs cannot be combined with --clean, --corrupted and --metric.');
    return pairGroups(model, file, positiveInteger(options, 'limit'));
  }
  if (clean === undefined || corrupted === undefined || metric === undefined) throw new UsageError('Give --pairs, or --clean, --corrupted and --metric.');
  const parsed = parseMetric(metric);
  checkMetric(parsed, model.graph(), model.output);
  const inputs = inputsFromFile(model, clean);
  return [{ clean: inputs, corrupted: inputsFromFile(model, corrupted), metric: await withReference(model, runtime, parsed, inputs) }];
}

/** The pairs of a file as batches. Errors: `not-found`, `memory`, `parse`, `argument` with line and way forward. */
export async function pairGroups(model: Model, file: string, limit?: number): Promise<readonly PromptGroup[]> {
  const pairs = requirePairs(readTextFile(file, mostBytes), file);
  return requireAligned(pairs.slice(0, limit), { tokenizer: await tokenizerOf(model), vocabulary: model.config?.dOut, context: model.config?.nCtx }, file);
}

const mostBytes = 20_000_000;
