/**
 * From all entries of a feature to what a store keeps of it. Everything is a function of the entries in corpus order, so
 * the result does not depend on how the corpus was cut into shards. Algorithms reference §18; quantile examples are from
 * bins of equal count ("true quantiles"), the histogram has bins of equal width.
 */
import { Random } from '../../engine/random.ts';
import type { Tensor } from '../../engine/tensor.ts';
import { Column, narrowest } from './columns.ts';
import { contextsOf } from './corpus.ts';
import type { Corpus } from './corpus.ts';
import { descending, eachFeature, firstAt } from './entries.ts';
import type { Entries, ShardSet } from './entries.ts';
import type { StoreOptions } from './manifest.ts';
import { TokenSample } from './sample.ts';
import { TruthScorer, truthsKept } from './truth.ts';

export interface Summary {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly tokens: number;
  readonly alive: number;
  readonly total: number;
}

/** Shares at which the positive activations' quantiles are kept. */
export const quantileShares = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1] as const;
/** Bands of examples: 0 for the largest, 1… for the bins from the weakest, and this for random contexts. */
export const randomBand = 255;
/** Random places among which each feature finds contexts without it. */
const randomPlaces = 64;
/** In place of an index into the random places. */
export const nowhere = 255;

/** Yields between pieces of work. `contexts`: the corpus contexts that the shards cover. */
export async function* summarize(shards: ShardSet, corpus: Corpus, contexts: ArrayLike<number>, options: StoreOptions): AsyncGenerator<number, Summary> {
  const counted = countedRows(corpus, contexts, options.excludeFirst);
  const tokens = counted.reduce((sum, one) => sum + one, 0);
  const sampling = TokenSample.of(shards, counted, options.sampledTokens);
  let next = await sampling.next();
  for (; next.done !== true; next = await sampling.next()) yield 0;
  const builder = new SummaryBuilder(corpus, counted, next.value, options);
  let done = 0;
  for await (const _ of eachFeature(shards, (feature, entries) => {
    builder.add(feature, entries);
    done = feature + 1;
  })) yield done;
  return builder.finish(tokens);
}

/** 1 for the rows of the given contexts that count. */
export function countedRows({ contextLength, heldOut }: Corpus, contexts: ArrayLike<number>, excludeFirst: boolean): Uint8Array {
  const counted = new Uint8Array(heldOut.length * contextLength);
  for (let i = 0; i < contexts.length; i++) {
    const start = contexts[i]! * contextLength;
    counted.fill(1, start + (excludeFirst ? 1 : 0), start + contextLength);
  }
  return counted;
}

/** Places for random examples: a function of corpus and seed alone. */
function drawPlaces(corpus: Corpus, { seed, excludeFirst }: StoreOptions): Uint32Array {
  const random = new Random(seed);
  const contexts = contextsOf(corpus, false);
  const first = excludeFirst ? 1 : 0;
  return Uint32Array.from({ length: contexts.length === 0 ? 0 : randomPlaces }, () => contexts[random.integer(contexts.length)]! * corpus.contextLength + first + random.integer(corpus.contextLength - first));
}

class SummaryBuilder {
  private readonly corpus: Corpus;
  private readonly options: StoreOptions;
  private readonly sample: TokenSample;
  private readonly truth: TruthScorer | undefined;
  private readonly places: Uint32Array;
  private readonly fired: Uint32Array;
  private readonly sums: Float64Array;
  private readonly whole = columns(Uint32Array, ['features', 'fired', 'sampled', 'histogram', 'examples', 'example_row', 'windows', 'tokens', 'token_id', 'token_fired', 'partners', 'coactive_feature', 'coactive_both']);
  private readonly real = columns(Float32Array, ['max', 'quantiles', 'window_value', 'token_sum', 'truth_auroc', 'truth_shuffled']);
  private readonly small = columns(Uint8Array, ['example_band', 'zero_pick', 'truth_variable', 'truth_question']);
  private readonly sum = new Column(Float64Array);
  private readonly offset = new Column(Int8Array);
  private total = 0;

  constructor(corpus: Corpus, counted: Uint8Array, sample: TokenSample, options: StoreOptions) {
    this.corpus = corpus;
    this.options = options;
    this.sample = sample;
    this.truth = corpus.variables.length === 0 ? undefined : new TruthScorer(corpus, counted);
    this.places = drawPlaces(corpus, options);
    let largest = 0;
    for (const id of corpus.ids) if (id > largest) largest = id;
    this.fired = new Uint32Array(largest + 1);
    this.sums = new Float64Array(largest + 1);
  }

  add(feature: number, entries: Entries): void {
    const { values } = entries;
    const order = descending(entries);
    let sum = 0;
    for (const value of values) sum += value;
    this.total += sum;
    const max = values[order[0]!]!;
    this.whole.features.push(feature);
    this.whole.fired.push(values.length);
    this.sum.push(sum);
    this.real.max.push(max);
    for (const share of quantileShares) this.real.quantiles.push(quantile(values, order, share));
    const bins = new Uint32Array(this.options.bins);
    for (const value of values) bins[Math.min(bins.length - 1, Math.floor((value / max) * bins.length))]!++;
    for (const count of bins) this.whole.histogram.push(count);
    this.addExamples(entries, order);
    this.addTokens(entries);
    this.whole.sampled.push(this.sample.fired[feature]!);
    const partners = this.sample.partners(feature, entries, this.options.coactive);
    for (const { feature: other, both } of partners) {
      this.whole.coactive_feature.push(other);
      this.whole.coactive_both.push(both);
    }
    this.whole.partners.push(partners.length);
    this.addTruth(entries, order);
  }

  finish(tokens: number): Summary {
    const alive = this.whole.features.length;
    const { bins, random } = this.options;
    const shaped: Readonly<Record<string, readonly number[]>> = {
      histogram: [alive, bins], quantiles: [alive, quantileShares.length], zero_pick: [alive, random],
      truth_variable: [alive, truthsKept], truth_question: [alive, truthsKept], truth_auroc: [alive, truthsKept], truth_shuffled: [alive, truthsKept],
    };
    const tensors = new Map<string, Tensor>();
    for (const [name, column] of Object.entries(this.whole)) tensors.set(name, narrowest(column.values, shaped[name]));
    for (const [name, { values }] of Object.entries(this.real)) tensors.set(name, { dtype: 'float32', dims: shaped[name] ?? [values.length], data: values });
    for (const [name, { values }] of Object.entries(this.small)) tensors.set(name, { dtype: 'uint8', dims: shaped[name] ?? [values.length], data: values });
    tensors.set('sum', { dtype: 'float64', dims: [alive], data: this.sum.values });
    tensors.set('window_offset', { dtype: 'int8', dims: [this.offset.length], data: this.offset.values });
    tensors.set('random', narrowest(this.places));
    tensors.set('sampled_tokens', narrowest(Uint32Array.of(this.sample.tokens)));
    // Of a corpus without labels there is nothing to keep.
    if (this.truth === undefined) for (const name of ['truth_variable', 'truth_question', 'truth_auroc', 'truth_shuffled']) tensors.delete(name);
    return { tensors, tokens, alive, total: this.total };
  }

  private addExamples(entries: Entries, order: Uint32Array): void {
    const { top, bands, perBand, random } = this.options;
    const { rows } = entries;
    const before = this.whole.example_row.length;
    const used = new Set<string>();
    let taken = 0;
    for (let i = 0; i < order.length && taken < top; i++) {
      const row = rows[order[i]!]!;
      if (this.isNew(row, used)) {
        this.addExample(entries, row, 0);
        taken++;
      }
    }
    for (let band = 0; band < bands; band++) {
      const seen = new Set<string>();
      const [low, high] = [Math.floor((band * order.length) / bands), Math.floor(((band + 1) * order.length) / bands)];
      for (let j = 0; j < Math.min(perBand, high - low); j++) {
        const rank = low + Math.floor(((j + 0.5) * (high - low)) / Math.min(perBand, high - low));
        const row = rows[order[order.length - 1 - rank]!]!;
        if (this.isNew(row, seen)) this.addExample(entries, row, band + 1);
      }
    }
    for (const row of this.places.subarray(0, random)) this.addExample(entries, row, randomBand);
    this.whole.examples.push(this.whole.example_row.length - before);
    const { contextLength } = this.corpus;
    const silent = Array.from(this.places.keys()).filter((place) => {
      const start = this.places[place]! - (this.places[place]! % contextLength);
      const at = firstAt(rows, start);
      return at === rows.length || rows[at]! >= start + contextLength;
    }).slice(0, random);
    for (let i = 0; i < random; i++) this.small.zero_pick.push(silent[i] ?? nowhere);
  }

  /** Neither the context nor the same tokens around another peak have been taken before. */
  private isNew(row: number, used: Set<string>): boolean {
    const { ids, contextLength } = this.corpus;
    const context = Math.floor(row / contextLength);
    const [from, to] = this.bounds(row);
    const keys = [`${context}`, ids.subarray(from, to).join(' ')];
    if (keys.some((key) => used.has(key))) return false;
    for (const key of keys) used.add(key);
    return true;
  }

  /** Rows of the window around a row, within its context. */
  private bounds(row: number): [from: number, to: number] {
    const { contextLength } = this.corpus;
    const start = row - (row % contextLength);
    return [Math.max(start, row - this.options.window), Math.min(start + contextLength, row + this.options.window + 1)];
  }

  private addExample({ rows, values }: Entries, row: number, band: number): void {
    this.whole.example_row.push(row);
    this.small.example_band.push(band);
    const [from, to] = this.bounds(row);
    const before = this.offset.length;
    for (let i = firstAt(rows, from); i < rows.length && rows[i]! < to; i++) {
      this.offset.push(rows[i]! - row);
      this.real.window_value.push(values[i]!);
    }
    this.whole.windows.push(this.offset.length - before);
  }

  private addTokens({ rows, values }: Entries): void {
    const { fired, sums } = this;
    const touched: number[] = [];
    rows.forEach((row, i) => {
      const id = this.corpus.ids[row]!;
      if (fired[id]!++ === 0) touched.push(id);
      sums[id]! += values[i]!;
    });
    const kept = touched.toSorted((a, b) => sums[b]! - sums[a]! || a - b).slice(0, this.options.tokens);
    for (const id of kept) {
      this.whole.token_id.push(id);
      this.whole.token_fired.push(fired[id]!);
      this.real.token_sum.push(sums[id]!);
    }
    for (const id of touched) [fired[id], sums[id]] = [0, 0];
    this.whole.tokens.push(kept.length);
  }

  private addTruth(entries: Entries, order: Uint32Array): void {
    if (this.truth === undefined) return;
    const best = this.truth.best(entries, order);
    for (let i = 0; i < truthsKept; i++) {
      const { variable, question, auroc, shuffled } = best[i] ?? { variable: nowhere, question: 0, auroc: 0.5, shuffled: 0.5 };
      this.small.truth_variable.push(variable);
      this.small.truth_question.push(question);
      this.real.truth_auroc.push(auroc);
      this.real.truth_shuffled.push(shuffled);
    }
  }
}

/** Quantile of the values by linear interpolation between ranks. */
function quantile(values: Float32Array, order: Uint32Array, share: number): number {
  const at = share * (order.length - 1);
  const [low, high] = [Math.floor(at), Math.ceil(at)];
  const value = (rank: number): number => values[order[order.length - 1 - rank]!]!;
  return value(low) + (value(high) - value(low)) * (at - low);
}

function columns<T extends Float32Array | Uint32Array | Uint8Array, N extends string>(make: new (size: number) => T, names: readonly N[]): Record<N, Column<T>> {
  return Object.fromEntries(names.map((name) => [name, new Column(make)])) as Record<N, Column<T>>;
}
