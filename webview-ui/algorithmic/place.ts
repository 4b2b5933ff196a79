/** What the page keeps over hiding and reload: where it was and what was chosen, never results. Parsed on reading, field by field. */
import * as v from 'valibot';
import { edgeMethodSchema, patchSiteSchema, replacementSchema } from '../../src/protocol/methods/algorithmic.ts';
import { graphNodeKindSchema } from '../../src/protocol/methods/graph.ts';

export const tabIds = ['overview', 'lens', 'attention', 'patching', 'circuit', 'graph', 'compare'] as const;
export type TabId = (typeof tabIds)[number];

const index = v.pipe(v.number(), v.integer(), v.minValue(0));
const count = (most: number) => v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(most));
const share = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const text = v.pipe(v.string(), v.maxLength(200_000));
const answer = v.object({ token: v.pipe(v.string(), v.maxLength(1000)), id: index });
const optionalText = v.fallback(v.optional(v.pipe(v.string(), v.maxLength(4096))), undefined);
const optionalIndex = v.fallback(v.optional(index), undefined);

const questionSchema = v.object({
  text: v.fallback(text, ''), corrupted: v.fallback(text, ''), metric: v.fallback(v.picklist(['logit_diff', 'log_prob', 'kl']), 'logit_diff'),
  target: v.fallback(v.optional(answer), undefined), distractor: v.fallback(v.optional(answer), undefined),
  pairs: v.fallback(v.optional(v.object({ path: v.pipe(v.string(), v.maxLength(4096)), count: index, all: v.boolean() })), undefined),
});

const lensSchema = v.object({
  hooks: v.fallback(v.picklist(['layers', 'all']), 'layers'), measure: v.fallback(v.picklist(['probability', 'rank', 'entropy', 'kl']), 'probability'),
  tuned: optionalText, lens: v.fallback(v.picklist(['logit', 'tuned']), 'logit'), by: v.fallback(v.picklist(['layer', 'head', 'neuron', 'feature']), 'head'),
});
const attentionSchema = v.object({
  layer: v.fallback(index, 0), head: v.fallback(index, 0), query: optionalIndex, weighting: v.fallback(v.picklist(['pattern', 'value-weighted']), 'pattern'),
  composition: v.fallback(v.picklist(['q', 'k', 'v']), 'k'),
});
const patchingSchema = v.object({
  site: v.fallback(patchSiteSchema, 'resid_pre'), direction: v.fallback(v.picklist(['denoising', 'noising']), 'denoising'), replacement: v.fallback(replacementSchema, 'patch'),
});
const circuitSchema = v.object({
  method: v.fallback(edgeMethodSchema, 'eap-ig'), steps: v.fallback(count(100), 5), select: v.fallback(v.picklist(['top', 'greedy', 'threshold']), 'top'),
  edges: v.fallback(count(1_000_000), 20), threshold: v.fallback(v.pipe(v.number(), v.minValue(0)), 0), heldOut: optionalText, nulls: v.fallback(v.pipe(count(1000), v.minValue(50)), 50),
});
const graphSchema = v.object({
  node: v.fallback(share, 0.8), edge: v.fallback(share, 0.98), maxNodes: v.fallback(count(5000), 300), kinds: v.fallback(v.array(graphNodeKindSchema), ['feature', 'error', 'token', 'logit']),
  density: v.fallback(share, 1), list: v.fallback(v.boolean(), false), file: optionalText, graph: optionalText, set: optionalText,
  pinned: v.fallback(v.pipe(v.array(index), v.maxLength(10_000)), []),
  supernodes: v.fallback(v.pipe(v.array(v.object({ label: v.pipe(v.string(), v.maxLength(500)), nodes: v.pipe(v.array(index), v.maxLength(10_000)) })), v.maxLength(1000)), []),
});

const placeSchema = v.object({
  version: v.fallback(v.literal(1), 1), tab: v.fallback(v.picklist(tabIds), 'overview'),
  question: v.fallback(questionSchema, v.parse(questionSchema, {})), lens: v.fallback(lensSchema, v.parse(lensSchema, {})), attention: v.fallback(attentionSchema, v.parse(attentionSchema, {})), patching: v.fallback(patchingSchema, v.parse(patchingSchema, {})),
  circuit: v.fallback(circuitSchema, v.parse(circuitSchema, {})), graph: v.fallback(graphSchema, v.parse(graphSchema, {})),
});
export type Place = v.InferOutput<typeof placeSchema>;

/** The place that was kept; whatever of it does not hold is as at the start. */
export function readPlace(kept: unknown): Place {
  const result = v.safeParse(placeSchema, kept);
  return result.success ? result.output : v.parse(placeSchema, {});
}
