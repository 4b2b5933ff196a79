/** Harvests: their jobs, requests and words. Pure. */
import type { DictionarySummary, Params } from '../../../src/protocol/methods.ts';
import type { HarvestProgress, StoreSummary } from '../../../src/protocol/methods/semanticResults.ts';
import type { PanelJob } from '../../../src/protocol/views/panel.ts';
import { t } from '../../shared/strings.ts';

/** One harvest at a time for each dictionary. */
export const harvestJob = ({ dictionary }: DictionarySummary): string => `harvest ${dictionary}`.slice(0, 500);

/** The engine gives each store a folder of its own below `folder`, by model, dictionary and corpus. */
export function harvestRequest(model: string, dictionary: DictionarySummary, folder: string, files: readonly string[], maxTokens: number | undefined): Params<'semantic.harvest'> {
  return {
    model, dictionary: dictionary.dictionary, folder,
    corpus: files.length === 0 ? { kind: 'bundled' } : { kind: 'files', paths: [...files] }, ...(maxTokens === undefined ? {} : { maxTokens }),
  };
}

export function isHarvestProgress(value: unknown): value is HarvestProgress {
  return typeof value === 'object' && value !== null && typeof (value as Partial<HarvestProgress>).done === 'number' && typeof (value as Partial<HarvestProgress>).store === 'string';
}

export function harvestText({ stage, done, of }: HarvestProgress): string {
  switch (stage) {
    case 'reading': return t('Reading texts: {0} of {1}', done.toLocaleString('en'), of.toLocaleString('en'));
    case 'running': return t('Running the model: {0} of {1} texts', done.toLocaleString('en'), of.toLocaleString('en'));
    case 'summarizing': return t('Summarizing features: {0} of {1}', done.toLocaleString('en'), of.toLocaleString('en'));
  }
}

/** The store that can be looked at: the one chosen, else that of a harvest that has rows already, else the first complete one. */
export function usedStore(stores: readonly StoreSummary[], chosen: string | undefined, job: PanelJob | undefined): string | undefined {
  if (chosen !== undefined && stores.some(({ store }) => store === chosen)) return chosen;
  if (stores.length > 0) return (stores.find(({ complete }) => complete) ?? stores[0])!.store;
  return isHarvestProgress(job?.progress) && job.progress.rowsReady > 0 ? job.progress.store : undefined;
}

export function storeText({ corpus, tokens, complete, alive, features }: StoreSummary): string {
  const size = t('{0} tokens, {1} of {2} features alive', tokens.toLocaleString('en'), alive.toLocaleString('en'), features.toLocaleString('en'));
  return `${corpus.name} · ${size}${complete ? '' : ` · ${t('not complete')}`}`;
}
