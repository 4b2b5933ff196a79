/** A finished store, or the snapshot of an unfinished one: the summary of every feature that fired, read once into memory. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { MechanistError } from '../../engine/errors.ts';
import { openSafetensors } from '../../engine/formats/safetensors.ts';
import { numbersOf } from '../../engine/tensor.ts';
import { contextsOf, openCorpus } from './corpus.ts';
import type { Corpus } from './corpus.ts';
import { readManifest, storeFiles } from './manifest.ts';
import type { StoreManifest } from './manifest.ts';
import { countedRows, nowhere, quantileShares, randomBand } from './summarize.ts';
import type { TruthScore } from './truth.ts';

export interface StoredExample {
  /** Row in the corpus: context · contextLength + position of the peak. */
  readonly row: number;
  /** Activations of the tokens around it by offset from the peak; those not named are zero. */
  readonly activations: ReadonlyMap<number, number>;
}

export interface StoredToken {
  readonly id: number;
  readonly fired: number;
  readonly sum: number;
}

export interface StoredPartner {
  readonly feature: number;
  /** Sampled tokens on which both fire, and on which the other does. */
  readonly both: number;
  readonly other: number;
}

export interface FeatureRecord {
  readonly feature: number;
  readonly fired: number;
  readonly sum: number;
  readonly max: number;
  /** At `quantileShares`. */
  readonly quantiles: readonly number[];
  readonly histogram: readonly number[];
  readonly top: readonly StoredExample[];
  /** By bin, the weakest first. */
  readonly bands: readonly (readonly StoredExample[])[];
  readonly random: readonly StoredExample[];
  /** Rows in contexts where the feature never fires. */
  readonly zero: readonly number[];
  readonly tokens: readonly StoredToken[];
  readonly partners: readonly StoredPartner[];
  /** Sampled tokens on which it fires. */
  readonly sampled: number;
  readonly truth: readonly TruthScore[];
}

/** What a table needs of all features at once, by feature [latents]; zero where a feature never fired. */
export interface FeatureOverview {
  readonly fired: Float64Array;
  readonly sum: Float64Array;
  readonly max: Float64Array;
  /** Best AUROC on a latent variable, 0 without. */
  readonly truth: Float64Array;
}

export class FeatureStore {
  readonly folder: string;
  readonly manifest: StoreManifest;
  readonly corpus: Corpus;
  readonly overview: FeatureOverview;
  /** Occurrences of every token id among the tokens counted. */
  readonly seen: Uint32Array;
  private readonly columns: ReadonlyMap<string, ArrayLike<number>>;
  /** Place of a feature among those that fired, or −1. */
  private readonly places: Int32Array;

  private constructor(folder: string, manifest: StoreManifest, corpus: Corpus, columns: ReadonlyMap<string, ArrayLike<number>>) {
    this.folder = folder;
    this.manifest = manifest;
    this.corpus = corpus;
    this.columns = columns;
    const { latents } = manifest.dictionary;
    this.places = new Int32Array(latents).fill(-1);
    const spread = (name: string, stride = 1): Float64Array => {
      const spreadOut = new Float64Array(latents);
      const values = columns.get(name);
      if (values !== undefined) for (let i = 0; i < manifest.alive; i++) spreadOut[this.column('features')[i]!] = values[i * stride]!;
      return spreadOut;
    };
    const features = this.column('features');
    for (let i = 0; i < manifest.alive; i++) this.places[features[i]!] = i;
    this.overview = { fired: spread('fired'), sum: spread('sum'), max: spread('max'), truth: spread('truth_auroc', manifest.corpus.labelled ? (columns.get('truth_auroc')!.length / Math.max(1, manifest.alive)) : 1) };
    this.seen = seenTokens(corpus, manifest);
  }

  /**
   * Opens the store in a folder; of a harvest under way its last snapshot. `shared` avoids reading a corpus twice.
   * Errors: `not-found` without a store, `parse` for a damaged one, `argument` for one whose corpus was exchanged.
   */
  static async open(folder: string, shared: (file: string) => Corpus = openCorpus): Promise<FeatureStore> {
    const place = !existsSync(join(folder, storeFiles.manifest)) && existsSync(join(folder, storeFiles.snapshot, storeFiles.manifest)) ? join(folder, storeFiles.snapshot) : folder;
    const manifest = await readManifest(join(place, storeFiles.manifest));
    const corpusFile = manifest.corpusFile === 'corpus.safetensors' ? join(place, storeFiles.corpus) : join(dirname(place), storeFiles.corpus);
    const corpus = shared(corpusFile);
    if (corpus.heldOut.length !== manifest.corpus.contexts || corpus.contextLength !== manifest.corpus.contextLength) {
      throw new MechanistError('argument', 'The store was made from another corpus than the one beside it.', { file: corpusFile });
    }
    return new FeatureStore(folder, manifest, corpus, readColumns(join(place, storeFiles.features), manifest, corpus));
  }

  get latents(): number {
    return this.manifest.dictionary.latents;
  }

  isAlive(feature: number): boolean {
    return (this.places[feature] ?? -1) >= 0;
  }

  /** The features that fired, ascending. */
  aliveFeatures(): Uint32Array {
    return Uint32Array.from(this.column('features'));
  }

  /** Errors: `argument` for a feature that the dictionary does not have. A feature that never fired has an empty record. */
  record(feature: number): FeatureRecord {
    if (!Number.isInteger(feature) || feature < 0 || feature >= this.latents) throw new MechanistError('argument', `The dictionary has features 0 to ${this.latents - 1}.`, { field: `feature ${feature}` });
    const at = this.places[feature]!;
    const { bands, bins, random } = this.manifest.options;
    if (at < 0) return { feature, fired: 0, sum: 0, max: 0, quantiles: [], histogram: new Array<number>(bins).fill(0), top: [], bands: [], random: [], zero: [], tokens: [], partners: [], sampled: 0, truth: [] };
    const examples = this.range('examples', at).map((i) => ({ band: this.column('example_band')[i]!, example: this.example(i) }));
    const inBand = (band: number): StoredExample[] => examples.filter((item) => item.band === band).map(({ example }) => example);
    return {
      feature,
      fired: this.column('fired')[at]!, sum: this.column('sum')[at]!, max: this.column('max')[at]!,
      quantiles: this.row('quantiles', at, quantileShares.length), histogram: this.row('histogram', at, bins),
      top: inBand(0), bands: Array.from({ length: bands }, (_, band) => inBand(band + 1)), random: inBand(randomBand),
      zero: this.row('zero_pick', at, random).filter((place) => place !== nowhere).map((place) => this.column('random')[place]!),
      tokens: this.topTokens(feature),
      partners: this.partners(feature), sampled: this.sampled(feature),
      truth: this.truth(feature),
    };
  }

  /** The tokens with the largest sums of activations. */
  topTokens(feature: number): StoredToken[] {
    const at = this.places[feature]!;
    if (at < 0) return [];
    return this.range('tokens', at).map((i) => ({ id: this.column('token_id')[i]!, fired: this.column('token_fired')[i]!, sum: this.column('token_sum')[i]! }));
  }

  /** The features that overlap most with it, best first: `options.coactive` of them at most. */
  partners(feature: number): StoredPartner[] {
    const at = this.places[feature]!;
    if (at < 0) return [];
    return this.range('partners', at).map((i) => {
      const other = this.column('coactive_feature')[i]!;
      return { feature: other, both: this.column('coactive_both')[i]!, other: this.sampled(other) };
    });
  }

  /** Sampled tokens on which it fires. */
  sampled(feature: number): number {
    const at = this.places[feature]!;
    return at < 0 ? 0 : this.column('sampled')[at]!;
  }

  /** The questions about latent variables that it answers best; none without a labelled corpus. */
  truth(feature: number): TruthScore[] {
    const at = this.places[feature]!;
    if (at < 0 || !this.manifest.corpus.labelled) return [];
    const [variables, questions, aurocs, shuffled] = ['truth_variable', 'truth_question', 'truth_auroc', 'truth_shuffled'].map((name) => this.row(name, at, this.column(name).length / this.manifest.alive)) as [number[], number[], number[], number[]];
    return variables.map((variable, i) => ({ variable, question: questions[i]!, auroc: aurocs[i]!, shuffled: shuffled[i]! })).filter(({ variable }) => variable !== nowhere);
  }

  /** Tokens on which pairs of features were counted. */
  get sampledTokens(): number {
    return this.column('sampled_tokens')[0]!;
  }

  private example(i: number): StoredExample {
    const activations = new Map(this.range('windows', i).map((w) => [this.column('window_offset')[w]!, this.column('window_value')[w]!]));
    return { row: this.column('example_row')[i]!, activations };
  }

  private range(starts: string, at: number): number[] {
    const [from, to] = [this.column(starts)[at]!, this.column(starts)[at + 1]!];
    return Array.from({ length: to - from }, (_, i) => from + i);
  }

  private row(name: string, at: number, width: number): number[] {
    return Array.from({ length: width }, (_, i) => this.column(name)[at * width + i]!);
  }

  private column(name: string): ArrayLike<number> {
    return this.columns.get(name)!;
  }
}

/** Reads and checks the summary, so that nothing in it points outside of it. */
function readColumns(file: string, { alive, dictionary: { latents }, options, corpus: about }: StoreManifest, corpus: Corpus): ReadonlyMap<string, ArrayLike<number>> {
  const source = openSafetensors(file);
  try {
    const columns = new Map([...source.names()].map((name) => [name, numbersOf(source.read(name))]));
    const require = (name: string, length: number): ArrayLike<number> => {
      const found = columns.get(name);
      if (found?.length !== length) throw new MechanistError('parse', `Expected ${length} entries.`, { file, field: `tensor ${name}`, hint: 'Harvest the corpus again.' });
      return found;
    };
    const below = (name: string, length: number, bound: number): void => {
      const values = require(name, length);
      for (let i = 0; i < length; i++) if (!(values[i]! >= 0 && values[i]! < bound)) throw new MechanistError('parse', `Entry ${i} is out of range.`, { file, field: `tensor ${name}` });
    };
    /** Turns counts into where each one's part starts; returns their sum. */
    const starts = (name: string, length: number): number => {
      const counts = require(name, length);
      const begins = new Uint32Array(length + 1);
      for (let i = 0; i < length; i++) begins[i + 1] = begins[i]! + counts[i]!;
      columns.set(name, begins);
      return begins[length]!;
    };
    const rows = corpus.ids.length;
    below('features', alive, latents);
    for (const name of ['fired', 'sum', 'max', 'sampled']) require(name, alive);
    require('histogram', alive * options.bins);
    require('quantiles', alive * quantileShares.length);
    const examples = starts('examples', alive);
    below('example_row', examples, rows);
    require('example_band', examples);
    const windows = starts('windows', examples);
    for (const name of ['window_offset', 'window_value']) require(name, windows);
    const tokens = starts('tokens', alive);
    for (const name of ['token_id', 'token_fired', 'token_sum']) require(name, tokens);
    const partners = starts('partners', alive);
    below('coactive_feature', partners, latents);
    require('coactive_both', partners);
    require('sampled_tokens', 1);
    const places = columns.get('random')?.length ?? 0;
    below('random', places, rows);
    const picks = require('zero_pick', alive * options.random);
    for (let i = 0; i < picks.length; i++) if (picks[i] !== nowhere && !(picks[i]! < places)) throw new MechanistError('parse', `Entry ${i} is out of range.`, { file, field: 'tensor zero_pick' });
    if (about.labelled) for (const name of ['truth_variable', 'truth_question', 'truth_auroc', 'truth_shuffled']) require(name, alive * Math.round((columns.get(name)?.length ?? 0) / Math.max(1, alive)));
    return columns;
  } finally {
    source.close();
  }
}

function seenTokens(corpus: Corpus, { options, tokens, complete }: StoreManifest): Uint32Array {
  const contexts = contextsOf(corpus, false);
  const perContext = corpus.contextLength - (options.excludeFirst ? 1 : 0);
  const counted = countedRows(corpus, complete ? contexts : contexts.subarray(0, Math.round(tokens / perContext)), options.excludeFirst);
  let largest = 0;
  for (const id of corpus.ids) if (id > largest) largest = id;
  const seen = new Uint32Array(largest + 1);
  counted.forEach((one, row) => { seen[corpus.ids[row]!]! += one; });
  return seen;
}
