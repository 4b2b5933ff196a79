/** Results of the requests in `graph.ts`. */
import type { GraphNodeKind, PinnedSubgraph, GraphTarget } from './graph.ts';

export interface TranscoderSetSummary {
  /** What `graph.build` takes as `set`. */
  readonly path: string;
  readonly name: string;
  readonly kind: 'transcoders' | 'clt';
  readonly layers: number;
  readonly latents: number;
  readonly inputHook: string;
  readonly outputHook: string;
}

export interface GraphScores {
  /** Share of the influence of tokens and errors that comes from tokens. */
  readonly replacement: number;
  /** Share of inputs that are not errors, weighted by influence. `reference`: over all nodes, as circuit-tracer counts; `restricted`: over features and logits, which alone have inputs. */
  readonly completeness: { readonly reference: number; readonly restricted: number };
}

export interface GraphTokenText {
  readonly id: number;
  readonly text: string;
}

export interface GraphSummary {
  readonly graph: string;
  readonly title: string;
  readonly prompt: string;
  readonly tokens: readonly GraphTokenText[];
  readonly targets: readonly { readonly node: number; readonly text: string; readonly id: number; readonly probability: number }[];
  readonly layers: number;
  readonly nodes: number;
  readonly edges: number;
  readonly counts: Readonly<Record<GraphNodeKind, number>>;
  /** Active features of the prompt, of which `counts.feature` are nodes. Undefined for a file. */
  readonly active: number | undefined;
  /** What was left out, so that it can be said: active features at the first position, whose activations are set to zero. */
  readonly leftOut: { readonly firstPosition: number } | undefined;
  /** Undefined for a file: its edges are pruned, so that the scores of the whole graph are not known. */
  readonly scores: GraphScores | undefined;
  readonly source:
    | { readonly kind: 'built'; readonly model: string; readonly modelHash: string; readonly set: string; readonly setHashes: readonly string[]; readonly target: GraphTarget; readonly maxFeatures: number }
    | { readonly kind: 'file'; readonly path: string; readonly scan: string };
  /** Repairs made on reading: dangling links, duplicate ids, with counts. */
  readonly remarks: readonly string[];
  /** Bytes held. */
  readonly memory: number;
}

export interface GraphNode {
  readonly node: number;
  /** As circuit-tracer writes it, except errors: `ERR_layer_position`. */
  readonly id: string;
  readonly kind: GraphNodeKind;
  /** −1 for tokens; the number of layers for logits. */
  readonly layer: number;
  readonly position: number;
  /** Feature index, token id, or −1 for errors. */
  readonly feature: number;
  readonly activation: number | undefined;
  /** Probability of a logit node's token. */
  readonly probability: number | undefined;
  /** Label, token text, or empty. */
  readonly label: string;
  /** Influence on the logits, and the cumulative share of the total down to this node. */
  readonly influence: number;
  readonly cumulative: number;
}

export interface GraphView {
  readonly nodes: readonly GraphNode[];
  /** Edges between these nodes: indices into `nodes`, and signed weights. */
  readonly sources: Uint32Array;
  readonly targets: Uint32Array;
  readonly weights: Float32Array;
  /** Nodes and edges above the thresholds, of which those above are the most influential. */
  readonly above: { readonly nodes: number; readonly edges: number };
  /** Features left out for being active at too many tokens. */
  readonly dense: number;
}

export interface GraphNeighbours {
  readonly total: number;
  readonly items: readonly {
    readonly node: GraphNode;
    readonly weight: number;
    /** Share of the absolute sum over all inputs of the edge's target. */
    readonly share: number;
  }[];
}

export interface GraphNodePage {
  readonly total: number;
  readonly nodes: readonly GraphNode[];
}

export interface SupernodeProposal {
  readonly label: string;
  readonly nodes: readonly number[];
  /** Why: the same feature at several positions, or the same inputs and outputs. */
  readonly rule: 'same feature' | 'similar edges';
  /** Mean similarity of its members, and of random groups of the same size. */
  readonly similarity: number;
  readonly control: number;
}

/** Predicted against measured changes. */
export interface Comparison {
  readonly predicted: Float32Array;
  readonly measured: Float32Array;
  /** Pearson's correlation; NaN for fewer than two points or no spread. */
  readonly correlation: number;
  /** Slope through the origin of measured on predicted. */
  readonly slope: number;
}

export interface GraphIntervention {
  /** Features: change of the value before the activation function. */
  readonly features: Comparison & { readonly targets: readonly GraphNode[] };
  /** Change of each logit minus the mean logit. */
  readonly logits: Comparison & { readonly targets: readonly GraphNode[] };
  /** Predictions that count only direct edges, in the order of the targets. */
  readonly direct: { readonly features: Float32Array; readonly logits: Float32Array };
  /** Next-token probabilities of the targets before and after. */
  readonly probabilities: { readonly before: Float32Array; readonly after: Float32Array };
  /** Random active features, as many as were changed, put to the same change: its effect on the same targets. */
  readonly control: {
    readonly sets: number;
    /** Mean absolute measured change of the logits of each set; the intervention's own beside. */
    readonly magnitudes: Float32Array;
    readonly magnitude: number;
    /** (1 + sets with at least this magnitude) / (1 + sets). */
    readonly p: number;
    /** Correlation of the intervention's predictions with what each random set measures. */
    readonly correlations: Float32Array;
  };
}

export interface GraphDiff {
  readonly common: number;
  readonly onlyFirst: number;
  readonly onlySecond: number;
  /** Pearson's correlation of the influence of common nodes. */
  readonly correlation: number;
  /** Largest differences of influence share first. A node that a graph lacks is undefined there. */
  readonly nodes: readonly { readonly first: GraphNode | undefined; readonly second: GraphNode | undefined; readonly shares: readonly [number, number] }[];
  /** Largest differences of edge share (of the target's inputs) between common nodes. */
  readonly edges: readonly { readonly source: GraphNode; readonly target: GraphNode; readonly weights: readonly [number, number]; readonly shares: readonly [number, number] }[];
}

export interface GraphExport {
  readonly text: string | undefined;
  readonly path: string | undefined;
  readonly bytes: number;
}

export interface GraphResults {
  'graph.sets': readonly TranscoderSetSummary[];
  'graph.build': GraphSummary;
  'graph.open': GraphSummary;
  'graph.close': null;
  'graph.list': readonly GraphSummary[];
  'graph.view': GraphView;
  'graph.neighbours': GraphNeighbours;
  'graph.search': GraphNodePage;
  'graph.label': null;
  'graph.labels': number;
  'graph.supernodes': readonly SupernodeProposal[];
  'graph.intervene': GraphIntervention;
  'graph.diff': GraphDiff;
  'graph.export': GraphExport;
  'graph.pinned': PinnedSubgraph;
}
