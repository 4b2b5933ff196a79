/** Everything that is shown of one feature without running the model. */
import type { Model } from '../../engine/models/model.ts';
import { noFile } from '../store/corpus.ts';
import type { FeatureSource } from '../store/source.ts';
import type { FeatureStore, StoredExample } from '../store/store.ts';
import { quantileShares } from '../store/summarize.ts';
import { readers, writers } from './connections.ts';
import type { Connection } from './connections.ts';
import { residualDirection } from './directions.ts';
import type { Directions } from './directions.ts';
import { directLogits, hasUnembedding, randomLogit } from './logits.ts';
import { coactiveNeighbours, decoderNeighbours, largest, neighbourWarnings } from './neighbours.ts';
import type { Neighbour, NeighbourWarning } from './neighbours.ts';
import { publicPage } from './publicPage.ts';
import type { FeatureRow, FeatureTable, TruthMatch } from './table.ts';

export interface FeatureExample {
  readonly context: number;
  readonly position: number;
  readonly tokens: readonly string[];
  readonly values: readonly number[];
  readonly peak: number;
  readonly origin?: { readonly file: string; readonly start: number; readonly end: number };
}

export interface ExampleBand {
  readonly kind: 'top' | 'quantile' | 'random' | 'zero';
  readonly low: number;
  readonly high: number;
  readonly quantile?: readonly [number, number];
  readonly examples: readonly FeatureExample[];
}

export interface CardParts {
  readonly model: Model;
  readonly source: FeatureSource;
  readonly table: FeatureTable;
  readonly directions: Directions;
  /** Shows a token of the model's vocabulary. */
  readonly tokenText: (id: number) => string;
  /** Tokens shown on either side of a peak. */
  readonly window: number;
}

export type ShownNeighbour = Neighbour & { readonly label?: string; readonly topTokens: readonly string[] };

export interface FeatureCard {
  readonly row: FeatureRow;
  readonly hook: string;
  readonly tokens: number;
  readonly fired: number;
  readonly bands: readonly ExampleBand[];
  readonly histogram: { readonly edges: readonly number[]; readonly counts: readonly number[]; readonly zeros: number };
  readonly quantiles: readonly { readonly share: number; readonly value: number }[];
  readonly topTokens: readonly { readonly token: string; readonly id: number; readonly seen: number; readonly fired: number; readonly mean: number }[];
  readonly logits?: {
    readonly promoted: readonly { readonly token: string; readonly id: number; readonly value: number }[];
    readonly suppressed: readonly { readonly token: string; readonly id: number; readonly value: number }[];
    readonly treatment: string;
    readonly random: number;
  };
  readonly decoderNeighbours: readonly ShownNeighbour[];
  readonly randomCosine: number;
  readonly coactive: readonly ShownNeighbour[];
  readonly warnings: readonly NeighbourWarning[];
  readonly read: readonly Connection[];
  readonly written: readonly Connection[];
  readonly truth: readonly TruthMatch[];
  readonly norm: number;
  /** Its page on the web, where the dictionary names one. */
  readonly publicPage?: string;
}

const shown = { neighbours: 10, logits: 10, connections: 12 } as const;

/** Errors: `argument` for a feature that the dictionary does not have. */
export function featureCard(parts: CardParts, feature: number): FeatureCard {
  const { model, source, table, directions, tokenText } = parts;
  const { store } = table;
  const record = store.record(feature);
  const { tokens } = store.manifest;
  const nearest = decoderNeighbours(store, directions, feature, shown.neighbours);
  const logits = logitsOf(parts, feature);
  const page = publicPage(source.weights.metadata, feature);
  const named = (neighbour: Neighbour): ShownNeighbour => {
    const label = table.labels.get(neighbour.feature)?.label;
    return { ...neighbour, topTokens: table.topTokens(neighbour.feature), ...(label === undefined ? {} : { label }) };
  };
  return {
    row: table.row(feature), hook: source.hook, tokens, fired: record.fired,
    bands: exampleBands(store, feature, tokenText, parts.window),
    histogram: { edges: Array.from({ length: record.histogram.length + 1 }, (_, i) => (record.max * i) / record.histogram.length), counts: record.histogram, zeros: tokens - record.fired },
    quantiles: record.quantiles.map((value, i) => ({ share: quantileShares[i]!, value })),
    topTokens: record.tokens.map(({ id, fired, sum }) => ({ token: tokenText(id), id, seen: store.seen[id]!, fired, mean: sum / fired })),
    ...(logits === undefined ? {} : { logits }),
    decoderNeighbours: nearest.map(named), randomCosine: directions.randomCosine,
    coactive: coactiveNeighbours(store, directions, feature).map(named),
    warnings: neighbourWarnings(store, feature, nearest, directions.randomCosine),
    read: readers(model, source, feature).slice(0, shown.connections), written: writers(model, source, feature).slice(0, shown.connections),
    truth: table.truths(feature), norm: directions.norms[feature]!, ...(page === undefined ? {} : { publicPage: page }),
  };
}

/** Largest, then a band per quantile from the strongest down, then random places and contexts without the feature. */
function exampleBands(store: FeatureStore, feature: number, tokenText: (id: number) => string, window: number): ExampleBand[] {
  const record = store.record(feature);
  const show = (examples: readonly StoredExample[]): FeatureExample[] => examples.map((example) => shownExample(store, example, tokenText, window));
  const at = (share: number): number => {
    const place = share * (record.quantiles.length - 1);
    const [low, high] = [Math.floor(place), Math.ceil(place)];
    return (record.quantiles[low] ?? 0) + ((record.quantiles[high] ?? 0) - (record.quantiles[low] ?? 0)) * (place - low);
  };
  const count = record.bands.length;
  return [
    { kind: 'top', low: record.top.at(-1)?.activations.get(0) ?? 0, high: record.max, examples: show(record.top) },
    ...record.bands.map((examples, band): ExampleBand => ({ kind: 'quantile', low: at(band / count), high: at((band + 1) / count), quantile: [band / count, (band + 1) / count], examples: show(examples) })).toReversed(),
    { kind: 'random', low: 0, high: record.max, examples: show(record.random) },
    { kind: 'zero', low: 0, high: 0, examples: show(record.zero.map((row) => ({ row, activations: new Map() }))) },
  ];
}

function shownExample({ corpus, manifest }: FeatureStore, { row, activations }: StoredExample, tokenText: (id: number) => string, window: number): FeatureExample {
  const { ids, contextLength, origins } = corpus;
  const position = row % contextLength;
  const reach = Math.min(window, manifest.options.window);
  const [from, to] = [row - Math.min(position, reach), row + Math.min(contextLength - 1 - position, reach)];
  const rows = Array.from({ length: to - from + 1 }, (_, i) => from + i);
  const file = origins?.file[row];
  const sameFile = file === undefined || file === noFile ? [] : rows.filter((r) => origins!.file[r] === file);
  return {
    context: Math.floor(row / contextLength), position, tokens: rows.map((r) => tokenText(ids[r]!)), values: rows.map((r) => activations.get(r - row) ?? 0), peak: row - from,
    ...(sameFile.length === 0 ? {} : { origin: { file: origins!.files[file!] ?? '', start: origins!.start[sameFile[0]!]!, end: origins!.end[sameFile.at(-1)!]! } }),
  };
}

const knownRandom = new WeakMap<object, number>();

function logitsOf({ model, source, tokenText }: CardParts, feature: number): FeatureCard['logits'] {
  const direction = residualDirection(model, source, feature);
  if (direction === undefined || !hasUnembedding(model)) return undefined;
  const { values, treatment } = directLogits(model, direction);
  // Of a direction of norm 1: once per model.
  const unit = knownRandom.get(model.parameters) ?? randomLogit(model, direction.length, 1);
  knownRandom.set(model.parameters, unit);
  const entries = (of: Float32Array): { token: string; id: number; value: number }[] => largest(of, shown.logits).map((id) => ({ token: tokenText(id), id, value: values[id]! }));
  return { promoted: entries(values), suppressed: entries(values.map((value) => -value)), treatment, random: unit * Math.hypot(...direction) };
}
