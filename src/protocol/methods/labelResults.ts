/** What the requests about labels answer: labels with who made them, their scores beside their baselines, and questions for a judge. */
import type { TruthMatch } from './semanticResults.ts';

export type LabelAuthor = 'hand' | 'statistics' | 'model' | 'imported';

export interface FeatureLabel {
  readonly label: string;
  readonly author: LabelAuthor;
  /** Language model that wrote it. */
  readonly model?: string;
  readonly score?: LabelScore;
}

/** How a label does on held-out examples, in 0…1 (balanced accuracy; 0.5 is chance). */
export interface LabelScore {
  readonly detection: number;
  /** The same examples judged by the label of another feature, and by this label with truth shuffled. */
  readonly wrongLabel: number;
  readonly shuffled: number;
  /** An empty label, where the judge was asked. */
  readonly empty?: number;
  readonly fuzzing: number;
  readonly fuzzingWrongLabel: number;
  /** Detection for each activation bin (equal count, weakest first) against the non-activating examples. */
  readonly byBin: readonly number[];
  readonly examples: number;
}

export interface AutoLabels {
  /** Empty with `resume`: the labels of a whole dictionary are in its file. */
  readonly labels: readonly { readonly feature: number; readonly label: FeatureLabel; readonly truth?: TruthMatch }[];
  /** Features with too few examples to say anything. */
  readonly skipped: number;
  readonly saved: number;
  readonly summary: {
    readonly labelled: number;
    readonly detection: number;
    readonly wrongLabel: number;
    /** Share of labels that beat their wrong-label baseline by `margin`. */
    readonly passed: number;
    /** The same among features that ground truth identifies; undefined without a labelled corpus. */
    readonly identified?: { readonly features: number; readonly passed: number };
  };
}

export interface LabellingProgress {
  /** Contexts run to learn from and to score on, then features. */
  readonly stage: 'fit' | 'heldOut' | 'labels';
  readonly done: number;
  readonly of: number;
}

export interface LabelTests {
  readonly label: string | undefined;
  readonly wrong: { readonly feature: number; readonly label: string } | undefined;
  /** Does the label describe this text? (detection) */
  readonly detection: readonly { readonly text: string }[];
  /** Are the parts between `<<` and `>>` what the label describes? (fuzzing) */
  readonly fuzzing: readonly { readonly text: string }[];
  /** Activating examples for whoever writes a label: marked tokens, activations as 0…10 after them. */
  readonly examples: readonly string[];
}

/** A label by a language model, with how it does on held-out passages by the same model's judgement. */
export interface WrittenLabel {
  readonly label: string;
  /** Name of the model. */
  readonly writer: string;
  readonly score: LabelScore;
  /** For `semantic.label.score`. */
  readonly answers: { readonly label: readonly number[]; readonly wrong: readonly number[] };
  /** The label of another feature that it was compared with. */
  readonly wrong: string;
  /** Questions whose answers could not be read; they count as chance. */
  readonly unanswered: number;
}

export type WritingStep =
  /** `of`: questions in all. */
  | { readonly kind: 'ask'; readonly stage: 'label' | 'judge'; readonly prompts: readonly string[]; readonly of: number }
  | ({ readonly kind: 'done' } & Omit<WrittenLabel, 'writer'>);

export interface WritingProgress {
  readonly stage: 'label' | 'judge';
  /** Questions answered. */
  readonly done: number;
  readonly of: number;
}
