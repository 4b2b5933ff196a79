/** Where the commands about features find things: a store with its labels and token texts, a feature by its subject. */
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { MechanistError } from '../engine/errors.ts';
import { openModelAt } from '../engine/models/openPath.ts';
import { loadTokenizer } from '../engine/models/tokenizer.ts';
import type { Model } from '../engine/models/model.ts';
import { FeatureTable } from '../semantic/features/table.ts';
import { labelPath, readLabels } from '../semantic/labels/labelFile.ts';
import type { LabelledDictionary } from '../semantic/labels/labelFile.ts';
import { FeatureStore } from '../semantic/store/store.ts';
import { UsageError } from './command.ts';
import type { Option, OptionValues, Output } from './command.ts';
import { locateModel } from './locateModel.ts';

export const tableOptions = {
  labels: { type: 'string', value: 'DIR', description: "Folder of label files, such as a workspace's .mechanist/labels." },
  model: { type: 'string', value: 'MODEL', description: 'Model whose tokenizer shows tokens (default: that of a bundled store; otherwise tokens are ids).' },
} as const satisfies Readonly<Record<string, Option>>;

/** The dictionary of a store as label files name it. */
export function labelledDictionary({ manifest: { dictionary } }: FeatureStore): LabelledDictionary {
  return { hash: dictionary.hash, id: dictionary.id, hook: dictionary.hook, layer: dictionary.layer };
}

/** The store in a folder as a table; bundled labels show where `--labels` has none. */
export async function openTable(folder: string, options: OptionValues, output: Output, signal: AbortSignal): Promise<FeatureTable> {
  const store = await FeatureStore.open(resolve(folder));
  const about = labelledDictionary(store);
  const labels = options.text('labels');
  const merged = new Map([...(await readLabels(join(store.folder, 'labels.json'), about)), ...(labels === undefined ? [] : await readLabels(labelPath(labels, about), about))]);
  return new FeatureTable(store, merged, await tokenNames(store.folder, options, output, signal));
}

async function tokenNames(store: string, options: OptionValues, output: Output, signal: AbortSignal): Promise<(id: number) => string> {
  const named = options.text('model');
  const folder = named === undefined ? dirname(dirname(store)) : await locateModel(named, { download: false, revision: undefined, note: (text) => output.note(text), signal });
  if (!existsSync(join(folder, 'tokenizer.json'))) return (id) => `#${id}`;
  const tokenizer = await loadTokenizer(folder);
  return (id) => (id < tokenizer.vocabSize ? tokenizer.tokenText(id) : `#${id}`);
}

export interface FeaturePlace {
  readonly model: Model;
  /** Folder or file of the dictionary; of one with several layers, the layer too. */
  readonly dictionary: string;
  readonly layer: number | undefined;
  readonly store: string;
  readonly feature: number;
}

/**
 * What `mechanist:feature/MODEL/DICT/INDEX` stands for: MODEL as for every command, DICT a folder of its bundled
 * dictionaries (with `.LAYER` for one of a set), unless `--dict` and `--store` name places.
 * Errors: `UsageError` for something else, `not-found`.
 */
export async function featurePlace(subject: string, options: OptionValues, output: Output, signal: AbortSignal): Promise<FeaturePlace> {
  const [, name, id, index] = /^(?:mechanist:feature\/)?(.+)\/([^/]+)\/(\d{1,9})$/.exec(subject) ?? [];
  if (name === undefined || id === undefined || index === undefined) throw new UsageError(`"${subject}" is not the subject of a feature.`, 'It looks like mechanist:feature/MODEL/DICTIONARY/INDEX.');
  const path = await locateModel(name, { download: false, revision: undefined, note: (text) => output.note(text), signal });
  const layered = /^(.+)\.(\d+)$/.exec(id);
  const bundled = join(path, 'dictionaries', id);
  const ofSet = layered === null ? undefined : join(path, 'dictionaries', layered[1]!);
  const [dictionary, layer] = options.text('dict') !== undefined ? [options.text('dict')!, layered === null ? undefined : Number(layered[2])]
    : existsSync(bundled) || ofSet === undefined ? [bundled, undefined] : [ofSet, Number(layered![2])];
  if (!existsSync(dictionary)) throw new MechanistError('not-found', 'The model has no such dictionary.', { file: dictionary, hint: 'Name its folder with --dict.' });
  return { model: await openModelAt(path), dictionary, layer, store: options.text('store') ?? join(path, 'features', id), feature: Number(index) };
}
