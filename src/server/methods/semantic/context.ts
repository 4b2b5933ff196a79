/** What the semantic view's requests share: an open dictionary as a source of features, its stores and labels, kept in memory. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { MechanistError } from '../../../engine/errors.ts';
import { Directions } from '../../../semantic/features/directions.ts';
import { FeatureTable } from '../../../semantic/features/table.ts';
import { labelPath, readLabels } from '../../../semantic/labels/labelFile.ts';
import type { LabelledDictionary, Labels } from '../../../semantic/labels/labelFile.ts';
import { openCorpus } from '../../../semantic/store/corpus.ts';
import type { Corpus } from '../../../semantic/store/corpus.ts';
import { readManifest, storeFiles } from '../../../semantic/store/manifest.ts';
import type { StoreManifest } from '../../../semantic/store/manifest.ts';
import { harvestProgram } from '../../../semantic/store/program.ts';
import type { HarvestProgram } from '../../../semantic/store/program.ts';
import { featureSource } from '../../../semantic/store/source.ts';
import type { FeatureSource } from '../../../semantic/store/source.ts';
import { FeatureStore } from '../../../semantic/store/store.ts';
import type { StoreSummary } from '../../../protocol/methods/semanticResults.ts';
import type { OpenDictionary } from '../../dictionaries.ts';
import { checkedPath } from '../../paths.ts';
import type { OpenModel, Session } from '../../session.ts';
import { tokenText } from '../../text/predictions.ts';

export interface FeatureContext {
  readonly open: OpenModel;
  readonly dictionary: OpenDictionary;
  readonly source: FeatureSource;
  readonly about: LabelledDictionary;
}

/** Errors: `not-found` for a model or dictionary that is not open. */
export function contextOf(session: Session, params: { readonly model: string; readonly dictionary: string }): FeatureContext {
  const open = session.model(params.model);
  const dictionary = open.dictionary(params.dictionary);
  const known = keptFor(open);
  let source = known.sources.get(params.dictionary);
  if (source === undefined) {
    const { weights, summary } = dictionary;
    source = featureSource(weights, weights.kind === 'clt' ? weights.hooks.inputs.indexOf(summary.hook) : undefined);
    known.sources.set(params.dictionary, source);
  }
  return { open, dictionary, source, about: { hash: dictionary.summary.hash, id: dictionary.summary.id, hook: source.hook, layer: source.layer ?? null } };
}

/** The store asked for, or the first known one. Errors: `not-found` without one; `argument` for that of another dictionary; those of `FeatureStore.open`. */
export async function storeOf(context: FeatureContext, asked: string | undefined): Promise<FeatureStore> {
  const { open, source } = context;
  const known = keptFor(open);
  const folder = asked === undefined ? (await bundledStores(context))[0]?.folder ?? known.harvested.get(context.dictionary.summary.dictionary) : await checkedPath(asked, 'folder');
  if (folder === undefined) throw new MechanistError('not-found', 'The dictionary has no feature store.', { field: 'store', hint: 'Harvest a corpus first.' });
  // A store under way is written again and again.
  const version = versionOf(folder);
  const kept = known.stores.get(folder);
  const store = kept?.version === version ? kept.store : await FeatureStore.open(folder, (file) => sharedCorpus(known, file));
  if (store.manifest.dictionary.hash !== context.about.hash || store.manifest.dictionary.layer !== context.about.layer || store.latents !== source.latents) {
    throw new MechanistError('argument', 'The store belongs to another dictionary.', { file: folder });
  }
  known.stores.set(folder, { version, store });
  if (known.stores.size > mostStores) known.stores.delete(known.stores.keys().next().value!);
  return store;
}

/** The table of a store with the labels of a folder; bundled labels show where the folder has none. */
export async function tableOf(context: FeatureContext, asked: string | undefined, labels: string | undefined): Promise<FeatureTable> {
  const store = await storeOf(context, asked);
  const own = labels === undefined ? undefined : labelPath(labels, context.about);
  const bundled = join(store.folder, 'labels.json');
  const version = [own, bundled].map((file) => (file !== undefined && existsSync(file) ? statSync(file).mtimeMs : 0)).join(' ');
  const { tables } = keptFor(context.open);
  const kept = tables.get(store);
  if (kept?.version === `${own} ${version}`) return kept.table;
  const merged = new Map([...(await readLabels(bundled, context.about)), ...(own === undefined ? new Map() as Labels : await readLabels(own, context.about))]);
  const table = new FeatureTable(store, merged, tokenNames(context.open));
  tables.set(store, { version: `${own} ${version}`, table });
  return table;
}

export function directionsOf({ open, dictionary, source }: FeatureContext): Directions {
  const { directions } = keptFor(open);
  let known = directions.get(dictionary.summary.dictionary);
  if (known === undefined) directions.set(dictionary.summary.dictionary, (known = Directions.of(source)));
  return known;
}

export function programOf({ open, dictionary, source }: FeatureContext): HarvestProgram {
  const { programs } = keptFor(open);
  let known = programs.get(dictionary.summary.dictionary);
  if (known === undefined) programs.set(dictionary.summary.dictionary, (known = harvestProgram(open.model, open.runtime, source)));
  return known;
}

/** Shows tokens; each id is turned into text once. A model without a tokenizer has ids. */
export function tokenNames(open: OpenModel): (id: number) => string {
  const known = keptFor(open);
  return (id) => {
    let name = known.names.get(id);
    if (name === undefined) known.names.set(id, (name = open.summary().hasTokenizer ? tokenText(open.tokenizer, id) : `#${id}`));
    return name;
  };
}

/** The store that a harvest of this session makes is the default where there is no bundled one. */
export function rememberHarvest({ open, dictionary }: FeatureContext, folder: string): void {
  keptFor(open).harvested.set(dictionary.summary.dictionary, folder);
}

function bundledFolder({ open }: FeatureContext): string {
  return join(open.path, 'features');
}

/** The corpus that comes with the model. Errors: `not-found`. */
export function bundledCorpus(context: FeatureContext | { readonly open: OpenModel }): Corpus {
  const file = join(context.open.path, 'features', storeFiles.corpus);
  if (!existsSync(file)) throw new MechanistError('not-found', 'The model comes without a corpus.', { hint: 'Choose files or folders of text.' });
  return sharedCorpus(keptFor(context.open), file);
}

export async function bundledStores(context: FeatureContext): Promise<{ folder: string; manifest: StoreManifest }[]> {
  return storesBelow(bundledFolder(context), context);
}

/** Stores of the dictionary directly below a folder. A folder that cannot be read as a store is left out. */
export async function storesBelow(folder: string, { about }: FeatureContext): Promise<{ folder: string; manifest: StoreManifest }[]> {
  if (!existsSync(folder)) return [];
  const found: { folder: string; manifest: StoreManifest }[] = [];
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    const place = join(folder, entry.name);
    const file = [join(place, storeFiles.manifest), join(place, storeFiles.snapshot, storeFiles.manifest)].find((candidate) => existsSync(candidate));
    if (file === undefined) continue;
    try {
      const manifest = await readManifest(file);
      if (manifest.dictionary.hash === about.hash && manifest.dictionary.layer === about.layer) found.push({ folder: place, manifest });
    } catch (error) {
      if (!MechanistError.is(error)) throw error;
    }
  }
  return found.toSorted((a, b) => (a.folder < b.folder ? -1 : 1));
}

export function storeSummary(folder: string, { model, dictionary, corpus, tokens, alive, complete }: StoreManifest, bundled: boolean): StoreSummary {
  return {
    store: folder, bundled, complete, modelHash: model.hash, dictionaryHash: dictionary.hash,
    corpus: { name: corpus.name, hash: corpus.hash, contexts: corpus.contexts, contextLength: corpus.contextLength, labelled: corpus.labelled },
    tokens, features: dictionary.latents, alive,
  };
}

interface Kept {
  readonly sources: Map<string, FeatureSource>;
  readonly stores: Map<string, { readonly version: string; readonly store: FeatureStore }>;
  readonly tables: WeakMap<FeatureStore, { readonly version: string; readonly table: FeatureTable }>;
  readonly directions: Map<string, Directions>;
  readonly programs: Map<string, HarvestProgram>;
  readonly harvested: Map<string, string>;
  readonly names: Map<number, string>;
  readonly corpora: Map<string, Corpus>;
}

const kept = new WeakMap<OpenModel, Kept>();
/** Stores held in memory for one model. */
const mostStores = 8;

function keptFor(open: OpenModel): Kept {
  let known = kept.get(open);
  if (known === undefined) {
    known = { sources: new Map(), stores: new Map(), tables: new WeakMap(), directions: new Map(), programs: new Map(), harvested: new Map(), names: new Map(), corpora: new Map() };
    kept.set(open, known);
  }
  return known;
}

/** A corpus that several stores share is read once. */
function sharedCorpus(known: Kept, file: string): Corpus {
  let corpus = known.corpora.get(file);
  if (corpus === undefined) {
    corpus = openCorpus(file);
    if (dirname(file).endsWith('features')) known.corpora.set(file, corpus);
  }
  return corpus;
}

function versionOf(folder: string): string {
  const file = [join(folder, storeFiles.manifest), join(folder, storeFiles.snapshot, storeFiles.manifest)].find((candidate) => existsSync(candidate));
  if (file === undefined) throw new MechanistError('not-found', 'There is no feature store here.', { file: folder, hint: 'Harvest a corpus first.' });
  return `${file} ${statSync(file).mtimeMs}`;
}
