/** Measures a dictionary of the zoo as it lies on disk, on held-out text. */
import { openDictionary, openTranscoders } from '../src/engine/dictionaries/open.ts';
import type { Dictionary } from '../src/engine/dictionaries/dictionary.ts';
import type { Model } from '../src/engine/models/model.ts';
import type { Runtime } from '../src/engine/runtime/runtime.ts';
import { tokenBatches } from '../src/cli/tokenBatches.ts';
import { dictionaryMetrics } from '../src/semantic/dictionaryMetrics.ts';
import type { MetricsReport } from '../src/semantic/dictionaryMetrics.ts';
import { replacementCost } from '../src/semantic/replacementCost.ts';
import type { ReplacementReport } from '../src/semantic/replacementCost.ts';
import type { TokenBatch } from '../src/semantic/metrics/batches.ts';
import { evaluation, fableContexts } from './contexts.ts';
import { crossLayerFit } from './crossLayerFit.ts';
import type { LayerFit } from './crossLayerFit.ts';
import type { DictionaryPlan } from './dictionaries.ts';
import { dictionaryFolder } from './dictionaryFolder.ts';
import { loadFableTokenizer } from './tokenizer/encode.ts';

export interface DictionaryMeasures {
  /** One for an autoencoder, one per layer for a set of transcoders, none for a cross-layer transcoder. */
  readonly dictionaries: readonly ({ readonly id: string; readonly hash: string } & MetricsReport)[];
  /** All MLPs replaced at once, for sets and cross-layer transcoders. */
  readonly replacement?: ReplacementReport;
  readonly layers?: readonly LayerFit[];
  /** Identity of a cross-layer transcoder. */
  readonly hash?: string;
}

/** The evaluation text in batches; `contexts` fewer for a quick look. */
export function evaluationBatches(contexts: number = evaluation.contexts): TokenBatch[] {
  return tokenBatches(fableContexts(loadFableTokenizer(), evaluation.split, evaluation.seed, contexts), 8);
}

export async function measureDictionary(plan: DictionaryPlan, model: Model, runtime: Runtime): Promise<DictionaryMeasures> {
  const common = { model, runtime, batches: evaluationBatches() };
  const measure = async (dictionary: Dictionary): Promise<DictionaryMeasures['dictionaries'][number]> => (
    { id: dictionary.id, hash: dictionary.hash(), ...(await dictionaryMetrics({ ...common, dictionary })) }
  );
  if (plan.kind === 'sae') return { dictionaries: [await measure(await openDictionary(dictionaryFolder(plan)))] };
  const opened = await openTranscoders(dictionaryFolder(plan));
  const replacement = await replacementCost({ ...common, replacement: opened });
  if (opened.kind === 'clt') return { dictionaries: [], replacement, layers: await crossLayerFit(model, opened, runtime, common.batches), hash: opened.hash() };
  const dictionaries: DictionaryMeasures['dictionaries'][number][] = [];
  for (const transcoder of opened.transcoders) dictionaries.push(await measure(transcoder));
  return { dictionaries, replacement };
}
