/** What the semantic view's requests answer: plain data, each claim beside its null. */
import type { AutoLabels, FeatureLabel, LabelScore, LabelTests, WritingStep } from './labelResults.ts';

export interface SemanticResults {
  'semantic.stores': readonly StoreSummary[];
  'semantic.harvest': StoreSummary;
  'semantic.features': FeatureTable;
  'semantic.feature': FeatureCard;
  'semantic.map': FeatureMap;
  'semantic.similar': SimilarFeatures;
  'semantic.searchText': TextSearch;
  'semantic.effect': FeatureEffect;
  'semantic.lossEffect': LossEffect;
  'semantic.label.set': FeatureLabel | null;
  'semantic.label.auto': AutoLabels;
  'semantic.label.tests': LabelTests;
  'semantic.label.score': LabelScore;
  'semantic.label.write': WritingStep;
  'semantic.dictionary': DictionaryPage;
  'semantic.train': TrainResult;
  'semantic.train.stop': null;
  'semantic.export': { readonly file: string; readonly count: number };
  'semantic.import': { readonly imported: number; readonly kept: number; readonly skipped: number };
}

export interface StoreSummary {
  /** Key for further requests: the folder it lies in. */
  readonly store: string;
  readonly bundled: boolean;
  /** False while it is being harvested, and for one that was interrupted. */
  readonly complete: boolean;
  readonly modelHash: string;
  readonly dictionaryHash: string;
  readonly corpus: { readonly name: string; readonly hash: string; readonly contexts: number; readonly contextLength: number; readonly labelled: boolean };
  /** Tokens harvested so far. */
  readonly tokens: number;
  readonly features: number;
  /** Features that fired at least once in these tokens. */
  readonly alive: number;
}

export interface HarvestProgress {
  readonly stage: 'reading' | 'running' | 'summarizing';
  /** Contexts, or features while summarizing. */
  readonly done: number;
  readonly of: number;
  readonly tokensPerSecond: number;
  /** Features that have examples by now, and the store that has them. */
  readonly rowsReady: number;
  readonly store: string;
}

export interface TruthMatch {
  readonly variable: string;
  readonly question: string;
  readonly auroc: number;
  /** The same with the variable's labels shuffled within contexts. */
  readonly shuffledAuroc: number;
}

export interface FeatureRow {
  readonly feature: number;
  readonly label?: FeatureLabel;
  /** Share of tokens on which it fires. */
  readonly density: number;
  readonly max: number;
  /** Mean over the tokens on which it fires. */
  readonly mean: number;
  /** Its part of all activations counted (L0 share). */
  readonly share: number;
  /** Tokens that it fires on most. */
  readonly topTokens: readonly string[];
  /** The latent variable it tells best, where the corpus is labelled. */
  readonly truth?: TruthMatch;
  readonly grade: number;
}

export interface FeatureTable {
  readonly rows: readonly FeatureRow[];
  /** Rows after filter and search, and without. */
  readonly total: number;
  readonly unfiltered: number;
}

export interface FeatureExample {
  /** Context of the store's corpus, and position of the peak in it. */
  readonly context: number;
  readonly position: number;
  readonly tokens: readonly string[];
  readonly values: readonly number[];
  /** Index of the peak in `tokens`. */
  readonly peak: number;
  /** Where the text comes from: a file and the span of the shown tokens in it, UTF-16 units. */
  readonly origin?: { readonly file: string; readonly start: number; readonly end: number };
}

export interface ExampleBand {
  readonly kind: 'top' | 'quantile' | 'random' | 'zero';
  /** Bounds of the activation at the peak; a quantile band also has its share of the activations, as 0.2–0.4. */
  readonly low: number;
  readonly high: number;
  readonly quantile?: readonly [number, number];
  readonly examples: readonly FeatureExample[];
}

export interface TokenStatistic {
  readonly token: string;
  readonly id: number;
  /** Occurrences in the corpus, and those on which the feature fires. */
  readonly seen: number;
  readonly fired: number;
  readonly mean: number;
}

export interface LogitEntry {
  readonly token: string;
  readonly id: number;
  readonly value: number;
}

export interface Neighbour {
  readonly feature: number;
  readonly label?: string;
  readonly topTokens: readonly string[];
  readonly cosine: number;
  /** Tokens on which both fire, over those on which either does; undefined where the store has no count of the pair. */
  readonly jaccard?: number;
  /** Share of this feature's tokens on which the other fires too, and what independence would give. */
  readonly given?: number;
  readonly expected?: number;
}

export interface NeighbourWarning {
  readonly kind: 'splitting' | 'absorption';
  readonly feature: number;
  readonly cosine: number;
  /** At most; exact where the store has a count of the pair. */
  readonly jaccard: number;
}

/** Direct weight between the feature and another component: norm of the product, and that of a random direction of equal norm. */
export interface Connection {
  /** Hook name of the component's input or output, with the head as in `blocks.3.attn.hook_q[1]`, or a feature's subject. */
  readonly component: string;
  readonly layer: number;
  readonly weight: number;
  readonly random: number;
}

export interface FeatureCard {
  readonly row: FeatureRow;
  readonly subject: string;
  readonly hook: string;
  readonly tokens: number;
  readonly fired: number;
  readonly bands: readonly ExampleBand[];
  /** Equal-width bins of the positive activations, and how many tokens are zero. */
  readonly histogram: { readonly edges: readonly number[]; readonly counts: readonly number[]; readonly zeros: number };
  /** Quantiles of the positive activations. */
  readonly quantiles: readonly { readonly share: number; readonly value: number }[];
  readonly topTokens: readonly TokenStatistic[];
  /** `treatment` says what was done about the final norm. `random`: largest |value| for a random direction of equal norm. */
  readonly logits?: { readonly promoted: readonly LogitEntry[]; readonly suppressed: readonly LogitEntry[]; readonly treatment: string; readonly random: number };
  readonly decoderNeighbours: readonly Neighbour[];
  /** Largest cosine of a random direction with any decoder row. */
  readonly randomCosine: number;
  readonly coactive: readonly Neighbour[];
  readonly warnings: readonly NeighbourWarning[];
  /** Later components that read its direction, strongest first, and earlier ones that write what its encoder reads. */
  readonly read: readonly Connection[];
  readonly written: readonly Connection[];
  readonly truth: readonly TruthMatch[];
  /** Norm of its decoder row. */
  readonly norm: number;
  /** Its page on the web, where the dictionary's files name one; for a click. */
  readonly publicPage?: string;
}

export interface FeatureMap {
  /** Features that are shown: those alive. */
  readonly features: Uint32Array;
  /** x, y of each [2·n], in −1…1; `random` likewise for a random dictionary. */
  readonly points: Float32Array;
  readonly random: Float32Array;
  readonly method: string;
  /** Share of each point's 10 nearest directions that are among its 10 nearest points, for both; chance is `chance`. */
  readonly preserved: number;
  readonly randomPreserved: number;
  readonly chance: number;
}

export interface SimilarFeatures {
  readonly rows: readonly (FeatureRow & { readonly cosine: number })[];
  readonly randomCosine: number;
}

export interface TextSearch {
  readonly rows: readonly (FeatureRow & {
    /** Mean activation over the tokens of the selection and of what it is compared with. */
    readonly here: number;
    readonly there: number;
    /** Largest activation in the selection, and the token it is on. */
    readonly peak: number;
    readonly token: string;
    /** Share of random splits of the tokens of both texts with a difference at least as large; undefined without `other`. */
    readonly p?: number;
  })[];
  readonly tokens: { readonly selection: number; readonly other: number };
}

export interface EffectRun {
  /** Text that the model continues with, and its tokens. */
  readonly continuation: string;
  readonly tokens: readonly string[];
  /** KL of the next-token distribution from the unchanged one, nats. */
  readonly kl: number;
}

export interface FeatureEffect {
  /** The tokens of the text, with the feature's activation before the change. */
  readonly tokens: readonly string[];
  readonly activations: readonly number[];
  /** Next-token probabilities, unchanged, changed, and along a random direction of equal norm; by largest change first. */
  readonly next: readonly { readonly token: string; readonly id: number; readonly default: number; readonly changed: number; readonly random: number }[];
  readonly default: EffectRun;
  readonly changed: EffectRun;
  readonly random: EffectRun;
  /** Norm of what is added, at the position where it is largest: the same for the random direction. */
  readonly norm: number;
  /** The change as interventions of the command line, without the random control. */
  readonly interventions: string;
}

export interface LossEffect {
  readonly rows: readonly {
    readonly context?: number;
    readonly tokens: readonly string[];
    /** −log p changed minus unchanged, nats, at each token (NaN at the first); and for the random direction. */
    readonly delta: Float32Array;
    readonly random: Float32Array;
    readonly activations: Float32Array;
  }[];
  /** Means over the tokens that follow where it fires. */
  readonly mean: number;
  readonly randomMean: number;
}

export interface IntervalValue {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

export interface DictionaryPage {
  readonly scores: Readonly<Record<string, IntervalValue>>;
  readonly interval: string;
  readonly documents: number;
  readonly positions: number;
  readonly density: { readonly edges: readonly number[]; readonly counts: readonly number[] };
  readonly geometry: { readonly meanMaxCosine: number; readonly p95MaxCosine: number; readonly randomMeanMaxCosine: number };
  /** Over the tokens of the store. */
  readonly dead: { readonly total: number; readonly features: readonly number[] };
  readonly dense: { readonly total: number; readonly features: readonly number[] };
  readonly tokens: number;
  /** The model's dictionaries whose metrics are known: the trade-off plot, and layer by layer. */
  readonly tradeoff: readonly { readonly dictionary: string; readonly hook: string; readonly architecture: string; readonly latents: number; readonly l0: number; readonly fvu: number; readonly ceRecovered: number; readonly dead: number }[];
  readonly metadata: Readonly<Record<string, string>>;
}

export interface TrainProgress {
  readonly step: number;
  readonly steps: number;
  readonly loss: number;
  /** Fraction of the variance of the step's tokens that the reconstruction misses. */
  readonly fvu: number;
  readonly l0: number;
  readonly dead: number;
  readonly tokensPerSecond: number;
}

export interface TrainResult {
  readonly dictionary: string;
  readonly folder: string;
  readonly hash: string;
  readonly steps: number;
  readonly stoppedEarly: boolean;
}
