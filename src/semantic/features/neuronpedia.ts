/** Neuronpedia's feature JSON and explanation files, out and in (formats reference §5, §6). Files from outside are read with limits. */
import { MechanistError } from '../../engine/errors.ts';
import { isJsonMap, parseJson } from '../../engine/formats/json.ts';
import type { JsonMap, JsonValue } from '../../engine/formats/json.ts';
import type { FeatureLabel } from '../labels/labelFile.ts';
import type { FeatureCard } from './card.ts';

export interface NeuronpediaIds {
  readonly modelId: string;
  /** The source, as `8-res-jb`; here the dictionary's id. */
  readonly layer: string;
  readonly hookName: string;
}

/** One feature as Neuronpedia's `GET /api/feature` returns it. */
export function neuronpediaFeature(card: FeatureCard, ids: NeuronpediaIds, vector: ArrayLike<number>): object {
  const { row, bands, histogram, logits, decoderNeighbours, coactive } = card;
  const edges = histogram.edges;
  return {
    modelId: ids.modelId, layer: ids.layer, index: String(row.feature), hookName: ids.hookName, maxActApprox: row.max,
    vector: Array.from(vector), vectorLabel: null, vectorDefaultSteerStrength: 10,
    topkCosSimIndices: decoderNeighbours.map(({ feature }) => feature), topkCosSimValues: decoderNeighbours.map(({ cosine }) => cosine),
    correlated_features_indices: coactive.map(({ feature }) => feature), correlated_features_l1: coactive.map(({ jaccard = 0 }) => jaccard),
    pos_str: logits?.promoted.map(({ token }) => token) ?? [], pos_values: logits?.promoted.map(({ value }) => value) ?? [],
    neg_str: logits?.suppressed.map(({ token }) => token) ?? [], neg_values: logits?.suppressed.map(({ value }) => -value) ?? [],
    frac_nonzero: row.density,
    freq_hist_data_bar_heights: histogram.counts, freq_hist_data_bar_values: histogram.counts.map((_, i) => (edges[i]! + edges[i + 1]!) / 2),
    activations: bands.flatMap(({ kind, low, high, quantile, examples }) => (kind === 'zero' ? [] : examples.map((example) => ({
      tokens: example.tokens, values: example.values,
      maxValue: Math.max(...example.values), maxValueTokenIndex: example.values.indexOf(Math.max(...example.values)), minValue: Math.min(...example.values),
      binMin: low, binMax: high, binContains: quantile === undefined ? null : quantile[1] - quantile[0], qualifyingTokenIndex: example.peak,
      dataSource: example.origin?.file ?? null, dataIndex: String(example.context),
    })))),
    explanations: row.label === undefined ? [] : [explanationOf(row.label)],
  };
}

/** One line of an explanations file. */
export function neuronpediaExplanation(feature: number, label: FeatureLabel, ids: NeuronpediaIds): object {
  return { modelId: ids.modelId, layer: ids.layer, index: String(feature), ...explanationOf(label) };
}

function explanationOf({ label, author, model, score }: FeatureLabel): object {
  const scored = (type: string, value: number): object => ({ value, type, model: model ?? null, jsonDetails: JSON.stringify({ wrongLabel: type === 'detection' ? score!.wrongLabel : score!.fuzzingWrongLabel }) });
  return {
    description: label, typeName: `mechanist-${author}`, explanationModelName: model ?? null,
    scores: score === undefined ? [] : [scored('detection', score.detection), scored('fuzz', score.fuzzing)],
  };
}

export interface ImportedExplanation {
  readonly feature: number;
  readonly label: string;
  readonly model: string | undefined;
}

const limits = { maxBytes: 64 * 2 ** 20, maxDepth: 12 } as const;
const longestLabel = 1000;

/**
 * Explanations in a text: JSON lines of explanations or features, one JSON array, or one object. Entries without a
 * description are counted as skipped. Errors: `parse` with the line; `memory`.
 */
export function readExplanations(text: string, file: string): { explanations: ImportedExplanation[]; skipped: number } {
  const whole = text.trimStart();
  const single = whole.startsWith('[') || !/\n\s*\{/.test(whole);
  const values: JsonValue[] = single ? listOf(parseJson(whole, { ...limits, file })) : whole.split('\n').flatMap((line, i) => (line.trim() === '' ? [] : [parseJson(line, { ...limits, file, field: `line ${i + 1}` })]));
  const explanations: ImportedExplanation[] = [];
  let skipped = 0;
  for (const [i, value] of values.entries()) {
    if (!isJsonMap(value)) throw new MechanistError('parse', 'Expected an object with an index.', { file, field: `entry ${i}` });
    const index = Number(value.get('index'));
    if (!Number.isSafeInteger(index) || index < 0 || value.get('index') === null) throw new MechanistError('parse', 'Expected an object with an index.', { file, field: `entry ${i} › index` });
    const found = explanationIn(value);
    if (found === undefined) skipped++;
    else explanations.push({ feature: index, ...found });
  }
  return { explanations, skipped };
}

function explanationIn(value: JsonMap): { label: string; model: string | undefined } | undefined {
  const nested = value.get('explanations');
  const source = Array.isArray(nested) ? nested.find((item): item is JsonMap => isJsonMap(item) && typeof item.get('description') === 'string') : value;
  const description = source?.get('description');
  if (typeof description !== 'string' || description.trim() === '') return undefined;
  const model = source!.get('explanationModelName');
  return { label: description.trim().slice(0, longestLabel), model: typeof model === 'string' ? model : undefined };
}

function listOf(value: JsonValue): JsonValue[] {
  return Array.isArray(value) ? [...value] : [value];
}
