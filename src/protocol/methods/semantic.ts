/**
 * The semantic view's requests: stores of features, their table, cards and map, what features do, their labels,
 * dictionaries and interchange. Every number that supports a claim comes with its null or control in the same result.
 */
import * as v from 'valibot';

const identifier = v.pipe(v.string(), v.minLength(1), v.maxLength(500));
const path = v.pipe(v.string(), v.minLength(1), v.maxLength(4096));
const text = v.pipe(v.string(), v.maxLength(200_000));
const whole = v.pipe(v.number(), v.integer(), v.minValue(0));
const finite = v.pipe(v.number(), v.finite());
const count = (most: number) => v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(most));
const features = v.pipe(v.array(whole), v.maxLength(262_144));

/** A dictionary of an open model. */
const target = { model: identifier, dictionary: identifier } as const;
/** Its store: `store` of a summary; left out, the first that `semantic.stores` lists. */
const stored = { ...target, store: v.optional(path) } as const;
/** Folder of label files, one per dictionary hash (`.mechanist/labels` of the workspace). */
const labels = v.optional(path);

const corpus = v.variant('kind', [
  /** The texts that come with the model. */
  v.object({ kind: v.literal('bundled') }),
  /** Files and folders: .txt, .md, .jsonl, source code, or .safetensors with input_ids. */
  v.object({ kind: v.literal('files'), paths: v.pipe(v.array(path), v.minLength(1), v.maxLength(1000)) }),
]);

/** What is done to a feature. A clamp sets its activation; steering adds `strength` times its largest activation in the store. */
const action = v.variant('kind', [
  v.object({ kind: v.literal('ablate') }),
  v.object({ kind: v.literal('clamp'), value: finite }),
  v.object({ kind: v.literal('steer'), strength: finite }),
]);
export type FeatureAction = v.InferOutput<typeof action>;

const sortKeys = ['feature', 'label', 'density', 'max', 'mean', 'share', 'detection', 'truth', 'grade'] as const;
export type FeatureSortKey = (typeof sortKeys)[number];

export const semanticSchemas = {
  /** The stores of a dictionary: the bundled one, and those in `folders`. */
  'semantic.stores': v.object({ ...target, folders: v.optional(v.pipe(v.array(path), v.maxLength(100)), []) }),
  /**
   * Runs a corpus through model and dictionary and writes a store into `folder`. Progress: `HarvestProgress`. What a
   * cancelled run has finished is kept, and asking for the same again goes on from there. While it runs, `store` of the
   * progress can be used for tables and cards of what there is.
   */
  'semantic.harvest': v.object({
    ...target, corpus, folder: path,
    contextLength: v.optional(count(2048), 128), maxTokens: v.optional(count(1e9)),
  }),
  'semantic.features': v.object({
    ...stored, labels,
    sort: v.optional(v.object({ by: v.picklist(sortKeys), descending: v.optional(v.boolean(), false) }), { by: 'feature' }),
    filter: v.optional(v.object({
      labelled: v.optional(v.boolean()), dead: v.optional(v.boolean()), identified: v.optional(v.boolean()),
      minDensity: v.optional(finite), maxDensity: v.optional(finite), minMax: v.optional(finite), minGrade: v.optional(whole),
      /** Only these (a lasso in the map, the features of a circuit). */
      features: v.optional(features),
    }), {}),
    /** Words that label, top tokens or ground-truth variable must contain; `#137` is the feature of that index. */
    search: v.optional(v.pipe(v.string(), v.maxLength(500)), ''),
    /** Evidence grades of findings, which the host knows (0 none … 4). */
    grades: v.optional(v.pipe(v.array(v.object({ feature: whole, grade: whole })), v.maxLength(10_000)), []),
    offset: v.optional(whole, 0), limit: v.optional(count(1000), 100),
  }),
  'semantic.feature': v.object({
    ...stored, labels, feature: whole,
    /** Tokens shown on either side of an example's peak, as far as the store has them. */
    window: v.optional(whole, 12),
  }),
  /** A 2-D projection of the decoder directions, and that of a random dictionary of the same size. */
  'semantic.map': v.object({ ...stored, seed: v.optional(whole, 0) }),
  'semantic.similar': v.object({
    ...stored, labels, count: v.optional(count(1000), 20),
    to: v.variant('kind', [
      v.object({ kind: v.literal('feature'), feature: whole }),
      /** A vector of the output hook's width. */
      v.object({ kind: v.literal('direction'), values: v.pipe(v.array(finite), v.maxLength(65_536)) }),
      /** The direction that raises the logit of this token (by its text). */
      v.object({ kind: v.literal('token'), token: identifier }),
    ]),
  }),
  /** Which features fire on `selection` more than on `other` (left out: more than on average in the store). */
  'semantic.searchText': v.object({ ...stored, labels, selection: text, other: v.optional(text), count: v.optional(count(500), 30) }),
  /** What the model predicts when the feature is changed; `positions` are tokens of the text, left out: all. */
  'semantic.effect': v.object({
    ...stored, feature: whole, text, action, positions: v.optional(v.pipe(v.array(whole), v.maxLength(2048))),
    /** Tokens to continue the text by, the feature changed at every one of them. */
    continuation: v.optional(v.pipe(whole, v.maxValue(200)), 20), temperature: v.optional(v.pipe(finite, v.minValue(0)), 0),
    topPredictions: v.optional(count(50), 10), seed: v.optional(whole, 0),
  }),
  /** Loss change per token when the feature is ablated: on contexts of the store (`context` of examples), or on a text. */
  'semantic.lossEffect': v.object({
    ...stored, feature: whole, seed: v.optional(whole, 0),
    on: v.variant('kind', [
      v.object({ kind: v.literal('contexts'), contexts: v.pipe(v.array(whole), v.minLength(1), v.maxLength(64)) }),
      v.object({ kind: v.literal('text'), text }),
    ]),
  }),
  /** Writes a label; `label: null` removes it. `writer`: the language model that wrote it. */
  'semantic.label.set': v.object({ ...target, labels: path, feature: whole, label: v.nullable(v.pipe(v.string(), v.maxLength(1000))), author: v.optional(v.picklist(['hand', 'model']), 'hand'), writer: v.optional(identifier) }),
  /** Labels from statistics alone, scored; `save` writes those that beat their baseline by `margin`, where there is no label by hand, or there too (`replace`). `resume`: of all features; a run that is cancelled keeps what it has, and the next goes on from there. Progress: `LabellingProgress`. */
  'semantic.label.auto': v.object({ ...stored, labels, features: v.optional(features), save: v.optional(v.boolean(), false), replace: v.optional(v.boolean(), false), resume: v.optional(v.boolean(), false), margin: v.optional(finite, 0.2) }),
  /** What a judge is asked about a free-text label: held-out examples, unmarked and marked. */
  'semantic.label.tests': v.object({ ...stored, labels, feature: whole, seed: v.optional(whole, 0) }),
  /** Scores a free-text label from a judge's answers to `semantic.label.tests` of the same seed; a label from statistics without them. With `labels` the score is kept there. */
  'semantic.label.score': v.object({
    ...stored, labels, feature: whole, seed: v.optional(whole, 0),
    answers: v.optional(v.object({
      /** The judge's 0…1 per item, in the order of the tests: for the label itself, for the wrong label, for an empty one. */
      label: v.pipe(v.array(finite), v.maxLength(1000)), wrong: v.pipe(v.array(finite), v.maxLength(1000)), empty: v.optional(v.pipe(v.array(finite), v.maxLength(1000))),
    })),
  }),
  /**
   * A label by a language model that the caller asks: given the replies so far (in the order of the questions), the next
   * prompts or the label with its score. `label`: one that exists already, which is only scored.
   */
  'semantic.label.write': v.object({
    ...stored, labels, feature: whole, seed: v.optional(whole, 0), label: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(1000))),
    replies: v.optional(v.pipe(v.array(v.pipe(v.string(), v.maxLength(20_000))), v.maxLength(1000)), []),
  }),
  /** Metrics of a dictionary with intervals, on the held-out contexts of its store's corpus; kept while the engine runs. */
  'semantic.dictionary': v.object({ ...stored, contexts: v.optional(count(1024), 48), list: v.optional(count(10_000), 500) }),
  /** Trains a dictionary and opens it. Progress: `TrainProgress`. `semantic.train.stop` with the same `job` ends it early and keeps it. */
  'semantic.train': v.object({
    model: identifier, job: identifier, hook: identifier, output: v.optional(identifier), corpus, folder: path,
    architecture: v.picklist(['standard', 'topk', 'batchtopk', 'jumprelu', 'gated', 'matryoshka']),
    latents: count(262_144), k: v.optional(count(4096)), sparsity: v.optional(v.pipe(finite, v.minValue(0))), learningRate: v.optional(v.pipe(finite, v.minValue(1e-8))),
    steps: count(1_000_000), batchSize: v.optional(count(65_536), 1024), contextLength: v.optional(count(2048), 128), seed: v.optional(whole, 0),
  }),
  'semantic.train.stop': v.object({ job: identifier }),
  /** Neuronpedia's files: features with examples (.json for one, .jsonl for several), or explanations (.jsonl). */
  'semantic.export': v.object({ ...stored, labels, what: v.picklist(['features', 'explanations']), features: v.optional(features), file: path }),
  /** Reads Neuronpedia explanations, or the explanations in its feature files, as labels. */
  'semantic.import': v.object({ ...target, labels: path, file: path, replace: v.optional(v.boolean(), false) }),
} as const;
