/** `semantic.stores` and `semantic.harvest`. */
import { join } from 'node:path';
import { openCorpus } from '../../../semantic/store/corpus.ts';
import type { Corpus } from '../../../semantic/store/corpus.ts';
import { readCorpusFiles } from '../../../semantic/store/corpusFiles.ts';
import { harvestStore } from '../../../semantic/store/harvest.ts';
import { createHash } from 'node:crypto';
import type { ParsedParams } from '../../../protocol/methods.ts';
import type { HarvestProgress, StoreSummary } from '../../../protocol/methods/semanticResults.ts';
import { corpusHash } from '../../../semantic/store/corpus.ts';
import { checkedPath } from '../../paths.ts';
import type { Job } from '../../scheduler.ts';
import type { OpenModel, Session } from '../../session.ts';
import { bundledCorpus, bundledStores, contextOf, rememberHarvest, storeSummary, storesBelow } from './context.ts';

export async function* stores(session: Session, params: ParsedParams<'semantic.stores'>): Job<readonly StoreSummary[]> {
  const context = contextOf(session, params);
  const found = (await bundledStores(context)).map(({ folder, manifest }) => storeSummary(folder, manifest, true));
  for (const folder of params.folders) {
    found.push(...(await storesBelow(folder, context)).map((store) => storeSummary(store.folder, store.manifest, false)));
    yield undefined;
  }
  return found;
}

/** Errors: those of `readCorpusFiles` and `harvestStore`. */
export async function* harvest(session: Session, params: ParsedParams<'semantic.harvest'>, signal: AbortSignal): Job<StoreSummary> {
  const context = contextOf(session, params);
  const { open, source } = context;
  const parent = await checkedPath(params.folder, 'folder');
  const corpus = yield* corpusOf(open, params.corpus, params);
  // Content-addressed: the same model, dictionary and corpus have the same folder.
  const key = createHash('sha256').update(JSON.stringify([await open.model.hash(), context.about, corpusHash(corpus)])).digest('hex').slice(0, 16);
  const folder = join(parent, `${context.about.id.replace(/[^\w.-]/g, '_')}-${key}`);
  const steps = harvestStore({ model: open.model, runtime: open.runtime, source, corpus, folder, signal, snapshots: true });
  const started = performance.now();
  try {
    for (;;) {
      open.requireOpen();
      const step = await steps.next();
      if (step.done === true) {
        rememberHarvest(context, folder);
        return storeSummary(folder, step.value!, false);
      }
      const { stage, done, of, tokens, rowsReady } = step.value;
      if (rowsReady > 0) rememberHarvest(context, folder);
      const progress: HarvestProgress = { stage, done, of, tokensPerSecond: Math.round((1000 * tokens) / Math.max(1, performance.now() - started)), rowsReady, store: folder };
      yield progress;
    }
  } finally {
    await steps.return(undefined);
  }
}

/** The corpus that a request names. */
export async function* corpusOf(open: OpenModel, corpus: ParsedParams<'semantic.harvest'>['corpus'], { contextLength, maxTokens }: { readonly contextLength: number; readonly maxTokens?: number | undefined }): Job<Corpus> {
  if (corpus.kind === 'bundled') return bundledCorpus({ open });
  const paths: string[] = [];
  for (const path of corpus.paths) paths.push(await checkedPath(path, 'file or folder'));
  if (paths.length === 1 && paths[0]!.endsWith('corpus.safetensors')) return openCorpus(paths[0]!);
  const reading = readCorpusFiles(paths, open.summary().hasTokenizer ? open.tokenizer : undefined, { contextLength, ...(maxTokens === undefined ? {} : { maxTokens }) });
  for (;;) {
    const step = reading.next();
    if (step.done === true) return step.value;
    const progress: HarvestProgress = { stage: 'reading', done: step.value.done, of: step.value.of, tokensPerSecond: 0, rowsReady: 0, store: '' };
    yield progress;
  }
}
