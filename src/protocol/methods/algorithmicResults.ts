/**
 * Results of the requests in `algorithmic.ts`. Number arrays are row-major with their axes named; a score matrix of
 * edges is [senders, receivers].
 */
import type { Prediction } from '../methods.ts';
import type { EdgeMethod } from './algorithmic.ts';

export interface PromptToken {
  readonly text: string;
  readonly id: number;
}

export interface QuestionSuggestions {
  readonly tokens: readonly PromptToken[];
  readonly predictions: readonly Prediction[];
  /** The target that was asked for, or the top prediction. */
  readonly target: Prediction;
  /** Likeliest others: of the target's kind (same word start and case) and in the prompt, then of its kind, then the rest. */
  readonly distractors: readonly Prediction[];
  /** Prompts of equal length that differ in tokens of one word, the ones that change the metric most first. */
  readonly corrupted: readonly CorruptedPrompt[];
}

export interface CorruptedPrompt {
  readonly text: string;
  /** Positions that differ. */
  readonly positions: readonly number[];
  readonly from: string;
  readonly to: string;
  /** Logit of target minus top distractor on this prompt, and on the clean one. */
  readonly metric: number;
  readonly cleanMetric: number;
}

export interface LensGrid {
  readonly tokens: readonly PromptToken[];
  readonly hooks: readonly string[];
  readonly top: number;
  /** [hooks, positions, top]; display text of every id that occurs in `texts`. */
  readonly topIds: Int32Array;
  readonly topProbabilities: Float32Array;
  readonly texts: readonly (readonly [id: number, text: string])[];
  /** Target of each position: the token asked for, else the one that follows, at the end the final prediction. */
  readonly targets: Int32Array;
  /** [hooks, positions]. Ranks from 1; nats. */
  readonly targetProbability: Float32Array;
  readonly targetRank: Int32Array;
  readonly entropy: Float32Array;
  readonly klToOutput: Float32Array;
  readonly lens: 'logit' | 'tuned';
}

export interface TunedLensReport {
  readonly path: string;
  readonly trainTokens: number;
  readonly heldOutTokens: number;
  /** Mean KL(final ‖ layer) on held-out text, nats: of the logit lens (before) and of the tuned lens (after). */
  readonly layers: readonly { readonly hook: string; readonly before: number; readonly after: number }[];
}

export interface DirectAttributionReport {
  readonly tokens: readonly PromptToken[];
  /** Largest magnitude first. */
  readonly contributions: readonly DirectContribution[];
  /** Sum over all components, also those not listed; and that of those not listed. */
  readonly total: number;
  readonly unlisted: { readonly count: number; readonly sum: number };
  readonly metric: number;
  /** metric − total: biases of the final norm and the unembedding. */
  readonly constant: number;
}

export interface DirectContribution {
  /** `embed`, `pos_embed`, `a1.h2`, `a1.bias`, `m2`, `m2.n17`, `L2#41`, `error`… */
  readonly name: string;
  readonly hook: string;
  readonly layer: number | undefined;
  /** Head, neuron or feature. */
  readonly index: number | undefined;
  readonly contribution: number;
}

export interface AttentionPatterns {
  readonly tokens: readonly PromptToken[];
  readonly layers: readonly number[];
  readonly heads: readonly number[];
  /** [layers, heads, query, key]; value-weighted rows sum to 1 as well. */
  readonly values: Float32Array;
}

export interface HeadScoreRow {
  readonly layer: number;
  readonly head: number;
  readonly previousToken: number;
  readonly duplicateToken: number;
  readonly induction: number;
  /** Attention to position 0, and mean entropy of the pattern in nats. */
  readonly first: number;
  readonly entropy: number;
}

export interface AttentionScores {
  readonly random: readonly HeadScoreRow[];
  readonly text: readonly HeadScoreRow[] | undefined;
}

export interface CompositionScores {
  readonly layers: number;
  readonly heads: number;
  /** [writing head, reading head], heads counted through the layers; NaN where the reader is not behind the writer. */
  readonly scores: Float32Array;
  /** The same for random matrices: mean and 99th percentile over draws. */
  readonly nullMean: Float32Array;
  readonly nullHigh: Float32Array;
}

export interface FeaturePairs {
  /** What the model computes, before scaling by √d_head is undone and before the softmax. */
  readonly score: number;
  /** Sum of all terms; equals the score up to rounding. */
  readonly sum: number;
  /** Feature indices, or `error` (what the dictionary misses) and `bias`. */
  readonly pairs: readonly { readonly query: number | 'error' | 'bias'; readonly key: number | 'error' | 'bias'; readonly value: number }[];
  readonly unlisted: { readonly count: number; readonly sum: number };
  /** Terms with an error on either side. */
  readonly errorSum: number;
}

export interface SweepScores {
  readonly tokens: readonly PromptToken[] | undefined;
  readonly hooks: readonly string[];
  /** Names and sizes of the axes behind `hooks`. */
  readonly axes: readonly { readonly name: 'position' | 'head' | 'neuron' | 'key'; readonly size: number }[];
  /** Entries along the axis `neuron`: neurons, or the features that are active in either prompt. */
  readonly neurons: Int32Array | undefined;
  /** Metric of each patched run, mean over prompts: [hooks, …axes]. */
  readonly scores: Float32Array;
  /** 95 % bootstrap intervals over prompts; absent for one pair. */
  readonly low: Float32Array | undefined;
  readonly high: Float32Array | undefined;
  /** 0 where nothing changed, 1 where the other prompt's metric is reached; absent for ablations and where the two are equal. */
  readonly normalized: Float32Array | undefined;
  readonly cleanMetric: number;
  readonly corruptedMetric: number;
  readonly prompts: number;
}

export interface SweepCell {
  readonly clean: readonly Prediction[];
  readonly corrupted: readonly Prediction[];
  readonly patched: readonly Prediction[];
  readonly metric: number;
}

export interface CircuitEdges {
  /** Key for further requests. */
  readonly edges: string;
  readonly method: EdgeMethod | 'import';
  readonly senders: readonly string[];
  readonly receivers: readonly string[];
  /** 1 where the edge exists; and the scores, 0 elsewhere. */
  readonly exists: Uint8Array;
  readonly scores: Float32Array;
  /** 95 % bootstrap intervals over prompts; absent for one pair and for exact methods. */
  readonly low: Float32Array | undefined;
  readonly high: Float32Array | undefined;
  readonly cleanMetric: number | undefined;
  readonly corruptedMetric: number | undefined;
  /** Exact values of the top edges beside their estimates. */
  readonly exact: { readonly edges: readonly string[]; readonly estimate: Float32Array; readonly exact: Float32Array; readonly rankCorrelation: number | undefined } | undefined;
}

export interface CircuitMembers {
  /** Names, strongest first. */
  readonly edges: readonly { readonly name: string; readonly sender: string; readonly receiver: string; readonly score: number }[];
  readonly nodes: readonly string[];
  readonly of: number;
}

export interface NullDistribution {
  readonly draws: number;
  readonly values: Float32Array;
  readonly p50: number;
  readonly p99: number;
  /** (1 + draws at or above the circuit) / (1 + draws). */
  readonly p: number;
}

export interface CircuitEvaluation {
  readonly edges: number;
  readonly of: number;
  /** Metric of the full model, of the empty circuit, and of the circuit. */
  readonly full: number;
  readonly empty: number;
  readonly circuit: number;
  /** (m(C) − m(∅)) / (m(M) − m(∅)), with a 95 % interval over prompts where there are several. */
  readonly faithfulness: number;
  readonly interval: readonly [low: number, high: number] | undefined;
  /** Faithfulness of everything but the circuit: near 0 when the circuit is complete. */
  readonly complement: number;
  readonly random: NullDistribution;
  /** `overlap`: mean share of edges kept; near 1 the null says little. */
  readonly degreeMatched: NullDistribution & { readonly overlap: number };
  readonly heldOut: { readonly faithfulness: number; readonly interval: readonly [low: number, high: number] | undefined; readonly random: NullDistribution } | undefined;
  /** The best circuit of this size without the strongest edges. */
  readonly rashomon: { readonly avoided: readonly string[]; readonly faithfulness: number; readonly unique: boolean } | undefined;
  /** What each edge adds to the faithfulness: the loss when it alone is cut. */
  readonly minimality: { readonly edges: readonly string[]; readonly loss: Float32Array; readonly removable: readonly string[] } | undefined;
  readonly curve: { readonly edges: Int32Array; readonly faithfulness: Float32Array; readonly random: Float32Array; readonly area: number; readonly randomArea: number } | undefined;
}

export interface PairDiagnostic {
  readonly severity: 'error' | 'warning';
  /** From 1, as editors count; the end column is exclusive. */
  readonly line: number;
  readonly column: number;
  readonly endColumn: number;
  readonly message: string;
  readonly hint: string | undefined;
}

export interface PairFile {
  readonly pairs: readonly {
    readonly line: number;
    readonly clean: string;
    readonly corrupted: string;
    readonly answers: readonly string[];
    readonly distractors: readonly string[];
    /** Length in tokens, and positions that differ; absent without a model or when the pair does not align. */
    readonly tokens: number | undefined;
    readonly differing: readonly number[] | undefined;
  }[];
  readonly diagnostics: readonly PairDiagnostic[];
}

export interface AlgorithmicResults {
  'question.suggest': QuestionSuggestions;
  'lens.grid': LensGrid;
  'lens.train': TunedLensReport;
  'dla.run': DirectAttributionReport;
  'attention.patterns': AttentionPatterns;
  'attention.scores': AttentionScores;
  'attention.composition': CompositionScores;
  'attention.featurePairs': FeaturePairs;
  'sweep.run': SweepScores;
  'sweep.cell': SweepCell;
  'circuit.edges': CircuitEdges;
  'circuit.import': CircuitEdges;
  'circuit.extract': CircuitMembers;
  'circuit.evaluate': CircuitEvaluation;
  'circuit.export': { readonly json: string };
  'pairs.read': PairFile;
}
