/** Requests of probes: what labels ask, training, and what is saved. */
import * as v from 'valibot';

const identifier = v.pipe(v.string(), v.minLength(1), v.maxLength(500));
const path = v.pipe(v.string(), v.minLength(1), v.maxLength(4096));
const whole = v.pipe(v.number(), v.integer(), v.minValue(0));

/** A name that can be that of a file everywhere. */
export const probeNamePattern = /^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,79}(?<![ .])$/u;

export const labelSourceSchema = v.variant('kind', [
  /** The latent variables of the corpus that comes with a model. */
  v.object({ kind: v.literal('bundled') }),
  /** Labelled texts (.jsonl), or tokens with classes (.safetensors). */
  v.object({ kind: v.literal('file'), path }),
  /** Two files of texts, one per line, that answer yes and no. */
  v.object({ kind: v.literal('classes'), yes: path, no: path }),
  /** Texts whose tokens answer yes inside the spans, in UTF-16 units, and no elsewhere. */
  v.object({
    kind: v.literal('texts'), name: v.pipe(v.string(), v.minLength(1), v.maxLength(200)),
    texts: v.pipe(v.array(v.object({ text: v.pipe(v.string(), v.minLength(1), v.maxLength(200_000)), spans: v.pipe(v.array(v.tuple([whole, whole])), v.maxLength(10_000)) })), v.maxLength(10_000)),
  }),
]);
export type LabelSource = v.InferOutput<typeof labelSourceSchema>;

export const probeSchemas = {
  /** What the labels ask, and the hook points that can be probed. */
  'probe.labels': v.object({ model: identifier, labels: labelSourceSchema }),
  /**
   * Trains a probe and writes it into `folder`, which is made where it is not there; a probe of this name is replaced.
   * Progress: `ProbeProgress`.
   */
  'probe.train': v.object({
    model: identifier, hook: identifier, labels: labelSourceSchema, variable: identifier, question: identifier,
    name: v.pipe(v.string(), v.regex(probeNamePattern)), folder: path,
    examples: v.optional(v.pipe(v.number(), v.integer(), v.minValue(10), v.maxValue(5000)), 300),
    seed: v.optional(v.pipe(whole, v.maxValue(2 ** 31 - 1)), 0),
  }),
  /** The probes directly in folders; one that cannot be read says why. */
  'probe.list': v.object({ folders: v.pipe(v.array(path), v.maxLength(100)) }),
} as const;

/** Extended by the table of results. */
export interface ProbeResults {
  'probe.labels': LabelQuestions;
  'probe.train': ProbeSummary;
  'probe.list': readonly ProbeEntry[];
}

export interface LabelQuestions {
  readonly name: string;
  readonly variables: readonly {
    readonly name: string;
    /** Tokens that answer yes and no, those to fit on and those to score on together. */
    readonly questions: readonly { readonly name: string; readonly positive: number; readonly negative: number }[];
  }[];
  readonly hooks: readonly string[];
}

export interface ProbeProgress {
  readonly stage: 'reading' | 'fitting';
  readonly done: number;
  readonly of: number;
}

/** Scores are those of `ProbeScores` in `src/semantic/probes/train.ts`: on held-out tokens, beside their controls. */
export interface ProbeSummary {
  readonly file: string;
  readonly name: string;
  readonly model: { readonly id: string; readonly hash: string };
  readonly hook: string;
  readonly variable: string;
  readonly question: string;
  readonly data: { readonly name: string; readonly hash: string };
  readonly hash: string;
  readonly examples: number;
  readonly seed: number;
  readonly scores: {
    readonly auroc: number;
    readonly interval: readonly [number, number];
    readonly accuracy: number;
    readonly majority: number;
    readonly control: { readonly auroc: number; readonly accuracy: number };
    readonly selectivity: number;
    readonly shuffled: { readonly auroc: number; readonly highest: number; readonly draws: number };
    readonly coordinate: { readonly index: number; readonly sign: 1 | -1; readonly auroc: number };
    readonly positive: number;
    readonly negative: number;
  };
  /** The answers it was trained on, for evidence; undefined where they were too many to keep. */
  readonly answers: string | undefined;
}

export type ProbeEntry = { readonly probe: ProbeSummary } | { readonly file: string; readonly problem: string };
