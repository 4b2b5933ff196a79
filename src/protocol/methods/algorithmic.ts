/**
 * Requests of the algorithmic view, except attribution graphs: questions, lenses, attention, patching, circuits over
 * components, prompt pairs. Results are in `algorithmicResults.ts`. Positions count the special tokens in front.
 */
import * as v from 'valibot';

const text = v.pipe(v.string(), v.maxLength(200_000));
const identifier = v.pipe(v.string(), v.minLength(1), v.maxLength(500));
const path = v.pipe(v.string(), v.minLength(1), v.maxLength(4096));
const count = (most: number) => v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(most));
const index = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(2 ** 31 - 1));
const seed = v.optional(index, 0);

/** What is measured at the last position. Tokens are ids. */
export const questionMetricSchema = v.variant('kind', [
  v.object({ kind: v.literal('logit_diff'), target: index, distractor: index }),
  v.object({ kind: v.literal('log_prob'), target: index }),
  /** KL divergence of the prediction from the one on the clean prompt, nats. */
  v.object({ kind: v.literal('kl') }),
]);
export type QuestionMetric = v.InferOutput<typeof questionMetricSchema>;

/** A prompt-pair file by path, or its text as it stands in an editor. */
export const pairSourceSchema = v.variant('kind', [
  v.object({ kind: v.literal('file'), path }),
  v.object({ kind: v.literal('text'), text: v.pipe(v.string(), v.maxLength(20_000_000)) }),
]);
export type PairSource = v.InferOutput<typeof pairSourceSchema>;

/** One pair, or a data set whose lines name their own answers (logit difference). `limit`: pairs that are used, from the first. */
export const promptsSchema = v.variant('kind', [
  v.object({ kind: v.literal('pair'), clean: text, corrupted: text, metric: questionMetricSchema }),
  v.object({ kind: v.literal('pairs'), source: pairSourceSchema, limit: v.optional(count(10_000), 200) }),
]);
export type Prompts = v.InferOutput<typeof promptsSchema>;

export const patchSiteSchema = v.picklist(['resid_pre', 'resid_mid', 'resid_post', 'attn_out', 'mlp_out', 'z', 'q', 'k', 'v', 'pattern', 'neurons', 'features']);
export type PatchSite = v.InferOutput<typeof patchSiteSchema>;

/** `patch` takes the value of the other prompt; the others are ablations of the clean prompt. */
export const replacementSchema = v.picklist(['patch', 'zero', 'mean', 'resample']);
/** A mean over prompts and positions, or over prompts at each position. */
const meanRuleSchema = v.picklist(['all', 'position']);
export type Replacement = v.InferOutput<typeof replacementSchema>;

export const edgeMethodSchema = v.picklist(['eap', 'eap-ig', 'eap-ig-activations', 'clean-corrupted', 'exact', 'path-patching']);
export type EdgeMethod = v.InferOutput<typeof edgeMethodSchema>;

export const selectionSchema = v.variant('kind', [
  v.object({ kind: v.literal('top'), edges: count(1_000_000) }),
  v.object({ kind: v.literal('threshold'), threshold: v.pipe(v.number(), v.minValue(0)) }),
  /** From the logits backwards, always the best edge into what is already in. */
  v.object({ kind: v.literal('greedy'), edges: count(1_000_000) }),
  /** By name, for instance `a1.h2->a2.h0<k>`. */
  v.object({ kind: v.literal('edges'), edges: v.pipe(v.array(identifier), v.maxLength(1_000_000)) }),
]);
export type CircuitSelection = v.InferOutput<typeof selectionSchema>;

const where = v.object({ position: v.optional(index), head: v.optional(index), neuron: v.optional(index), key: v.optional(index) });

export const algorithmicParams = {
  /** Likely targets, distractors and corrupted prompts for a prompt. */
  'question.suggest': v.object({ model: identifier, text, target: v.optional(index), predictions: v.optional(count(50), 10), edits: v.optional(count(50), 8), seed }),
  /** Logit lens (or tuned lens, by the folder that `lens.train` wrote) at every hook and position. */
  'lens.grid': v.object({
    model: identifier, text, hooks: v.optional(v.picklist(['layers', 'all']), 'layers'), target: v.optional(index), top: v.optional(count(20), 5), tuned: v.optional(path),
  }),
  /** Trains a tuned lens on a text file and writes it to a folder. */
  'lens.train': v.object({ model: identifier, text: path, out: path, steps: v.optional(count(20_000), 250), seed }),
  /** Direct contributions to the metric at the last position. */
  'dla.run': v.object({
    model: identifier, text, metric: v.variant('kind', [
      v.object({ kind: v.literal('logit_diff'), target: index, distractor: index }), v.object({ kind: v.literal('logit'), target: index }),
    ]),
    by: v.optional(v.picklist(['layer', 'head', 'neuron', 'feature']), 'head'), dictionary: v.optional(identifier), top: v.optional(count(5000), 100),
  }),
  /** Attention of all heads, or of one layer or head. */
  'attention.patterns': v.object({
    model: identifier, text, layer: v.optional(index), head: v.optional(index), weighting: v.optional(v.picklist(['pattern', 'value-weighted']), 'pattern'),
  }),
  /** Head-type scores on repeated random tokens and, with `text`, on that text. */
  'attention.scores': v.object({ model: identifier, text: v.optional(text), span: v.optional(count(500), 50), rows: v.optional(count(100), 10), seed }),
  /** How much each head reads what an earlier head writes, beside a null of random matrices with the same spectra. */
  'attention.composition': v.object({ model: identifier, kind: v.picklist(['q', 'k', 'v']), nulls: v.optional(count(1000), 20), seed }),
  /** One attention score as a sum over pairs of dictionary features at query and key. */
  'attention.featurePairs': v.object({ model: identifier, text, layer: index, head: index, query: index, key: index, dictionary: identifier, top: v.optional(count(1000), 30) }),
  /** The metric of every patched run. */
  'sweep.run': v.object({
    model: identifier, prompts: promptsSchema, site: patchSiteSchema, by: v.optional(v.pipe(v.array(v.picklist(['position', 'head', 'neuron', 'key'])), v.maxLength(3))),
    layers: v.optional(v.array(index)), dictionary: v.optional(identifier), direction: v.optional(v.picklist(['denoising', 'noising']), 'denoising'),
    replacement: v.optional(replacementSchema, 'patch'), over: v.optional(meanRuleSchema, 'all'), seed,
  }),
  /** Predictions of one patched run: what a click on a cell shows. One pair only. `dictionary`: for hooks of its features. */
  'sweep.cell': v.object({
    model: identifier, prompts: promptsSchema, hook: identifier, where, dictionary: v.optional(identifier), direction: v.optional(v.picklist(['denoising', 'noising']), 'denoising'),
    replacement: v.optional(replacementSchema, 'patch'), over: v.optional(meanRuleSchema, 'all'), predictions: v.optional(count(50), 10), seed,
  }),
  /** A score for every edge; kept in the engine under `edges` until the model is closed. `exactTop`: edges whose exact value is measured beside. */
  'circuit.edges': v.object({
    model: identifier, prompts: promptsSchema, method: v.optional(edgeMethodSchema, 'eap-ig'), steps: v.optional(count(100), 5),
    rule: v.optional(v.picklist(['midpoint', 'left']), 'midpoint'), exactTop: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(5000)), 20), seed,
  }),
  /** Score matrices already computed, for instance from an EAP-IG graph file. */
  'circuit.import': v.object({ model: identifier, source: pairSourceSchema }),
  /** The edges of a circuit. */
  'circuit.extract': v.object({ model: identifier, edges: identifier, selection: selectionSchema }),
  /** Tests of a circuit beside its nulls. `heldOut`: prompts that had no part in finding it. */
  'circuit.evaluate': v.object({
    model: identifier, edges: identifier, prompts: promptsSchema, heldOut: v.optional(promptsSchema), selection: selectionSchema,
    nulls: v.optional(v.pipe(count(1000), v.minValue(50)), 50), curve: v.optional(v.boolean(), true), minimality: v.optional(v.boolean(), true), avoid: v.optional(count(1000), 5), seed,
  }),
  /** The graph as EAP-IG writes it, JSON text. */
  'circuit.export': v.object({ model: identifier, edges: identifier, selection: v.optional(selectionSchema) }),
  /** A prompt-pair file with everything that is wrong with it; with a model, token alignment as well. */
  'pairs.read': v.object({ model: v.optional(identifier), source: pairSourceSchema }),
} as const;
