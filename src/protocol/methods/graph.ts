/**
 * Requests about attribution graphs over features: building one, opening a file, looking at parts of it, intervening.
 * A graph stays in the engine process under its key; what crosses the boundary is the part that is drawn.
 * Results are in `graphResults.ts`. Nodes are named by their index in the graph; positions count the special tokens in front.
 */
import * as v from 'valibot';

const identifier = v.pipe(v.string(), v.minLength(1), v.maxLength(500));
const path = v.pipe(v.string(), v.minLength(1), v.maxLength(4096));
const count = (most: number) => v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(most));
const index = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(2 ** 31 - 1));
const share = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const finite = v.pipe(v.number(), v.finite());
const nodes = v.pipe(v.array(index), v.maxLength(10_000));

const graph = identifier;

export const graphNodeKindSchema = v.picklist(['feature', 'error', 'token', 'logit']);
export type GraphNodeKind = v.InferOutput<typeof graphNodeKindSchema>;

/**
 * Shares of total influence that are kept, as in circuit-tracer: nodes down to the one at which the cumulative share
 * reaches `node` (that one included), then edges likewise. Tokens and logits are always kept.
 */
const thresholds = v.optional(v.object({ node: v.optional(share, 0.8), edge: v.optional(share, 0.98) }), {});

const graphTargetSchema = v.variant('kind', [
  /** The likeliest next tokens up to `mass` of the probability, at most `most`. */
  v.object({ kind: v.literal('top'), mass: v.optional(v.pipe(share, v.gtValue(0)), 0.95), most: v.optional(count(100), 10) }),
  v.object({ kind: v.literal('tokens'), ids: v.pipe(v.array(index), v.minLength(1), v.maxLength(100)) }),
  /** One node: logit of `target` minus logit of `distractor`. */
  v.object({ kind: v.literal('difference'), target: index, distractor: index }),
]);
export type GraphTarget = v.InferOutput<typeof graphTargetSchema>;

export const graphChangeSchema = v.variant('kind', [
  v.object({ kind: v.literal('ablate') }),
  /** Sets the activation of a feature; errors and tokens are multiplied by it. */
  v.object({ kind: v.literal('clamp'), value: finite }),
  /** Multiplies what the node writes. */
  v.object({ kind: v.literal('scale'), factor: finite }),
]);
export type GraphChange = v.InferOutput<typeof graphChangeSchema>;

/** What a person keeps: pinned nodes and groups of them. */
export const pinnedSchema = v.object({
  nodes,
  supernodes: v.optional(v.pipe(v.array(v.object({ label: v.pipe(v.string(), v.maxLength(500)), nodes })), v.maxLength(1000)), []),
});
export type PinnedSubgraph = v.InferOutput<typeof pinnedSchema>;

export const graphSchemas = {
  /** The transcoders that graphs of a model can be built with: those bundled with it and those opened for it. */
  'graph.sets': v.object({ model: identifier }),
  /**
   * Builds the attribution graph of a prompt. `set`: path of a folder of transcoders, as `graph.sets` lists it; left out,
   * the first. Progress: `{ stage, done, of }`, stages `transcoders`, `features` (rows of the graph), `assembling`.
   */
  'graph.build': v.object({
    model: identifier, text: v.pipe(v.string(), v.minLength(1), v.maxLength(200_000)), set: v.optional(path),
    inputHook: v.optional(identifier), outputHook: v.optional(identifier),
    target: v.optional(graphTargetSchema, { kind: 'top' }),
    /** Features that become nodes, the most influential first. */
    maxFeatures: v.optional(count(100_000), 7500),
  }),
  /**
   * Opens a graph file of circuit-tracer or Neuronpedia. Progress: `{ stage, done, of }`, `reading` in bytes, then `assembling`. Files with dangling links or repeated
   * ids are refused with the count, unless `repair` leaves those out.
   */
  'graph.open': v.object({ path, repair: v.optional(v.boolean(), false) }),
  'graph.close': v.object({ graph }),
  /** Graphs that are open. */
  'graph.list': v.object({}),
  /** The nodes and edges to draw, at most as many as asked for; pinned nodes are always among them. */
  'graph.view': v.object({
    graph, thresholds, maxNodes: v.optional(count(5000), 400), maxEdges: v.optional(count(50_000), 3000),
    kinds: v.optional(v.pipe(v.array(graphNodeKindSchema), v.maxLength(4))), pinned: v.optional(nodes, []),
    /** Features that are active at more than this share of the tokens are left out and counted. 1: none. */
    density: v.optional(share, 1),
  }),
  /** Strongest inputs and outputs of a node, in pages. Not bound to thresholds. */
  'graph.neighbours': v.object({
    graph, node: index, direction: v.picklist(['inputs', 'outputs']), offset: v.optional(index, 0), count: v.optional(count(1000), 50),
    kinds: v.optional(v.pipe(v.array(graphNodeKindSchema), v.maxLength(4))),
  }),
  /** Nodes by label, token text, feature (`#137`, `L2#137`) or circuit-tracer id, the most influential first. */
  'graph.search': v.object({ graph, query: v.pipe(v.string(), v.maxLength(500)), offset: v.optional(index, 0), count: v.optional(count(1000), 50) }),
  /** Gives features labels, for search and export; an empty one takes it away. Keys: `layer/feature`. */
  'graph.label': v.object({ graph, labels: v.record(v.pipe(v.string(), v.regex(/^\d+\/\d+$/)), v.pipe(v.string(), v.maxLength(2000))) }),
  /** Takes the labels of features from the label files of dictionaries that are open for a model, one for each layer of the graph, in order. Answers how many there are. */
  'graph.labels': v.object({ graph, model: identifier, dictionaries: v.pipe(v.array(identifier), v.maxLength(500)), folder: path }),
  /** Groups of nodes that a person may want as supernodes, with the rule that proposes them. `nodes`: default, those of `graph.view`. */
  'graph.supernodes': v.object({ graph, nodes: v.optional(nodes), thresholds }),
  /**
   * Changes nodes in the model and compares what the graph predicts with what is measured. Only for graphs that were
   * built, while their model is open. `measure`: `model` lets everything respond; `direct` holds attention patterns,
   * norm scales and MLP outputs, where the prediction is exact. Beside it, as control, sets of random active features of
   * the same number.
   */
  'graph.intervene': v.object({
    graph, nodes: v.pipe(nodes, v.minLength(1)), change: graphChangeSchema, measure: v.optional(v.picklist(['model', 'direct']), 'model'),
    /** Features whose change is compared; default, the most affected ones by prediction. Logits always are. */
    targets: v.optional(nodes), maxTargets: v.optional(count(2000), 200), controls: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(200)), 10),
    seed: v.optional(index, 0),
  }),
  /** What two graphs have in common: nodes are the same when kind, layer and feature or token agree, at any position unless `positions`. */
  'graph.diff': v.object({ first: graph, second: graph, positions: v.optional(v.boolean(), false), thresholds, count: v.optional(count(5000), 200) }),
  /**
   * Writes a graph, or its pinned part, as circuit-tracer's JSON, or the pinned part as Neuronpedia's saved subgraph, or
   * the drawn edges as CSV. With `path` it is written there, else the text is returned (at most 32 MiB).
   */
  'graph.export': v.object({
    graph, format: v.picklist(['circuit-tracer', 'subgraph', 'csv']), thresholds, pinned: v.optional(pinnedSchema), path: v.optional(path), slug: v.optional(v.pipe(v.string(), v.maxLength(200))),
  }),
  /** Reads pinned nodes and supernodes from the JSON text of a saved subgraph, or from the graph's own file. */
  'graph.pinned': v.object({ graph, text: v.optional(v.pipe(v.string(), v.maxLength(32 * 2 ** 20))) }),
} as const;
