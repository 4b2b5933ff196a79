/**
 * Labels of a dictionary's features as a JSON file in the workspace, named after the dictionary's hash (and layer), so
 * that a label never drifts to another dictionary of the same name. Made to be read and merged by people.
 */
import { join } from 'node:path';
import { MechanistError } from '../../engine/errors.ts';
import { writeFileAtomically } from '../../engine/formats/atomicFile.ts';
import { isJsonObject, readJsonObject } from '../../engine/models/jsonFile.ts';

export const labelAuthors = ['hand', 'statistics', 'model', 'imported'] as const;
export type LabelAuthor = (typeof labelAuthors)[number];

/** Balanced accuracies on held-out examples, beside their baselines. */
export interface LabelScore {
  readonly detection: number;
  readonly wrongLabel: number;
  readonly shuffled: number;
  readonly empty?: number;
  readonly fuzzing: number;
  readonly fuzzingWrongLabel: number;
  readonly byBin: readonly number[];
  readonly examples: number;
}

export interface FeatureLabel {
  readonly label: string;
  readonly author: LabelAuthor;
  readonly model?: string;
  readonly score?: LabelScore;
  /** The rule behind a label from statistics, in the form of `predicate.ts`. */
  readonly rule?: string;
}

export interface LabelledDictionary {
  readonly hash: string;
  readonly id: string;
  readonly hook: string;
  readonly layer: number | null;
}

export type Labels = ReadonlyMap<number, FeatureLabel>;

/** The file of a dictionary's labels. */
export function labelPath(folder: string, { hash, layer }: Pick<LabelledDictionary, 'hash' | 'layer'>): string {
  return join(folder, `${hash.slice(0, 16)}${layer === null ? '' : `.${layer}`}.json`);
}

const longestLabel = 1000;

/** None when there is no file. Errors: `parse`; `argument` for a file of another dictionary. */
export async function readLabels(file: string, dictionary: Pick<LabelledDictionary, 'hash'>): Promise<Labels> {
  const json = await readJsonObject(file);
  if (json === undefined) return new Map();
  const wrong = (field: string, statement = 'This field of the label file is missing or malformed.'): MechanistError => new MechanistError('parse', statement, { file, field });
  const about = json['dictionary'];
  if (json['format'] !== 'mechanist-labels' || json['version'] !== 1 || !isJsonObject(about)) throw wrong('format', 'This is not a label file of a known version.');
  if (about['hash'] !== dictionary.hash) throw new MechanistError('argument', 'The labels belong to another dictionary.', { file, field: 'dictionary.hash' });
  const entries = json['labels'];
  if (!isJsonObject(entries)) throw wrong('labels');
  return new Map(Object.entries(entries).map(([key, value]) => {
    if (!/^\d{1,9}$/.test(key) || !isJsonObject(value)) throw wrong(`labels.${key}`);
    const { label, author, model, rule, score } = value;
    if (typeof label !== 'string' || label.length > longestLabel || !labelAuthors.includes(author as LabelAuthor)) throw wrong(`labels.${key}`);
    return [Number(key), {
      label, author: author as LabelAuthor,
      ...(typeof model === 'string' ? { model } : {}), ...(typeof rule === 'string' ? { rule } : {}), ...(isScore(score) ? { score } : {}),
    }];
  }));
}

/** Writes all labels, ascending. Errors: as `writeFileAtomically`. */
export function writeLabels(file: string, dictionary: LabelledDictionary, labels: Labels): void {
  const entries = [...labels].toSorted(([a], [b]) => a - b).map(([feature, label]) => ` ${JSON.stringify(String(feature))}: ${JSON.stringify(label)}`);
  const head = JSON.stringify({ format: 'mechanist-labels', version: 1, dictionary });
  writeFileAtomically(file, [Buffer.from(`${head.slice(0, -1)},"labels":{\n${entries.join(',\n')}\n}}\n`)]);
}

function isScore(value: unknown): value is LabelScore {
  if (!isJsonObject(value)) return false;
  const numbers = ['detection', 'wrongLabel', 'shuffled', 'fuzzing', 'fuzzingWrongLabel', 'examples'].every((name) => typeof value[name] === 'number');
  return numbers && Array.isArray(value['byBin']) && value['byBin'].every((bin) => typeof bin === 'number');
}
