/** Answers of a small model of four tokens, two layers, two heads, for tests of the algorithmic view. */
import type { AttentionPatterns, CircuitEdges, CircuitEvaluation, CircuitMembers, LensGrid, NullDistribution, QuestionSuggestions, SweepScores } from '../../src/protocol/methods/algorithmicResults.ts';
import type { GraphIntervention, GraphNode, GraphSummary, GraphView } from '../../src/protocol/methods/graphResults.ts';
import { started } from './fakeHost.ts';
import type { Answers } from './fakeHost.ts';

const words = ['<bos>', 'When', '·Mary', '·gave'];
export const tokens = words.map((text, id) => ({ text, id }));

export const suggestions: QuestionSuggestions = {
  tokens, target: { token: '·Mary', id: 2, probability: 0.9 }, predictions: [{ token: '·Mary', id: 2, probability: 0.9 }, { token: '·John', id: 7, probability: 0.05 }],
  distractors: [{ token: '·John', id: 7, probability: 0.05 }], corrupted: [{ text: 'When John gave', positions: [2], from: '·Mary', to: '·John', metric: -3, cleanMetric: 4 }],
};

/** Texts as a tokenizer of words would split them. */
function suggest({ text, target }: { readonly text: string; readonly target?: number }): QuestionSuggestions {
  const own = (text.match(/ ?[^ ]+/g) ?? []).map((word) => ({ text: word.replace(/^ /, '·'), id: idOf(word.trim()) }));
  return { ...suggestions, tokens: [tokens[0]!, ...own], ...(target === 7 ? { target: { token: '·John', id: 7, probability: 0.05 } } : {}) };
}

const idOf = (word: string): number => Array.from(word).reduce((sum, letter) => sum + letter.codePointAt(0)!, 0);

export const grid: LensGrid = {
  tokens, hooks: ['blocks.0.hook_resid_pre', 'blocks.0.hook_resid_post', 'blocks.1.hook_resid_post'], top: 1, lens: 'logit',
  topIds: Int32Array.from([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2]), topProbabilities: Float32Array.from({ length: 12 }, (_, index) => (index + 1) / 12), texts: [[1, 'When'], [2, '·Mary']],
  targets: Int32Array.from([2, 2, 2, 2]), targetProbability: Float32Array.from([0, 0, 0, 0.01, 0, 0, 0, 0.2, 0, 0, 0, 0.9]), targetRank: Int32Array.from([9, 9, 9, 8, 9, 9, 9, 3, 9, 9, 9, 1]),
  entropy: new Float32Array(12).fill(2), klToOutput: Float32Array.from([3, 3, 3, 3, 2, 2, 2, 2, 0, 0, 0, 0]),
};

const contribution = (name: string, hook: string, value: number, index?: number) => ({ name, hook, layer: 1, index, contribution: value });

export const attribution = {
  tokens, contributions: [contribution('a1.h0', 'blocks.1.attn.hook_result', 3, 0), contribution('m1', 'blocks.1.hook_mlp_out', -1)], total: 2.5, unlisted: { count: 2, sum: 0.5 }, metric: 4, constant: 1.5,
};

export const patterns: AttentionPatterns = {
  tokens, layers: [0, 1], heads: [0, 1],
  values: Float32Array.from({ length: 2 * 2 * 16 }, (_, index) => {
    const [query, key] = [Math.floor((index % 16) / 4), index % 4];
    return key > query ? 0 : 1 / (query + 1);
  }),
};

export const sweep: SweepScores = {
  tokens, hooks: ['blocks.0.hook_resid_pre', 'blocks.1.hook_resid_pre'], axes: [{ name: 'position', size: 4 }], scores: Float32Array.from([-3, -3, 4, -3, -3, -3, 0.5, -3]),
  low: undefined, high: undefined, normalized: Float32Array.from([0, 0, 1, 0, 0, 0, 0.5, 0]), cleanMetric: 4, corruptedMetric: -3, prompts: 1, neurons: undefined,
};

export const edges: CircuitEdges = {
  edges: 'e1', method: 'eap-ig', senders: ['input', 'a0.h0', 'm0'], receivers: ['a0.h0<q>', 'm0', 'logits'], exists: Uint8Array.from([1, 1, 1, 0, 1, 1, 0, 0, 1]), scores: Float32Array.from([-1, -2, 0, 0, 1, -0.5, 0, 0, -3]),
  low: undefined, high: undefined, cleanMetric: 4, corruptedMetric: -3, exact: { edges: ['m0->logits', 'input->m0'], estimate: Float32Array.from([-3, -2]), exact: Float32Array.from([-2.5, -2]), rankCorrelation: 1 },
};

export const members: CircuitMembers = {
  edges: [{ name: 'm0->logits', sender: 'm0', receiver: 'logits', score: -3 }, { name: 'input->m0', sender: 'input', receiver: 'm0', score: -2 }, { name: 'input->a0.h0<q>', sender: 'input', receiver: 'a0.h0<q>', score: -1 }, { name: 'a0.h0->m0', sender: 'a0.h0', receiver: 'm0', score: 1 }],
  nodes: ['input', 'a0.h0', 'm0', 'logits'], of: 6,
};

export const nulls = (p50: number, p99: number, p: number): NullDistribution => ({ draws: 50, values: Float32Array.from([p50, p99]), p50, p99, p });

export const evaluation: CircuitEvaluation = {
  edges: 4, of: 6, full: 4, empty: -3, circuit: 3.5, faithfulness: 0.93, interval: undefined, complement: 0.05, random: nulls(0.1, 0.4, 0.02), degreeMatched: { ...nulls(0.2, 0.5, 0.02), overlap: 0.3 }, heldOut: undefined,
  rashomon: { avoided: ['m0->logits'], faithfulness: 0.2, unique: true }, minimality: { edges: ['m0->logits'], loss: Float32Array.from([0.9]), removable: [] },
  curve: { edges: Int32Array.from([1, 6]), faithfulness: Float32Array.from([0.5, 1]), random: Float32Array.from([0, 1]), area: 0.8, randomArea: 0.4 },
};

export const node = (index: number, part: Partial<GraphNode> = {}): GraphNode => ({
  node: index, id: `0_${index}_1`, kind: 'feature', layer: 0, position: 1, feature: 100 + index, activation: 2, probability: undefined, label: '', influence: 1 / (index + 1), cumulative: 0.5, ...part,
});

export const graphNodes: readonly GraphNode[] = [
  node(0, { kind: 'logit', layer: 2, position: 3, label: '·Mary', probability: 0.9, activation: undefined }), node(1, { label: 'names' }), node(2, { layer: 1, position: 3 }), node(3, { kind: 'error', position: 2, feature: -1, activation: undefined }),
  node(4, { kind: 'token', layer: -1, position: 2, label: '·Mary', activation: undefined }), node(5, { position: 2 }),
];

export const graphView: GraphView = {
  nodes: graphNodes, sources: Uint32Array.from([2, 1, 4, 3, 5]), targets: Uint32Array.from([0, 2, 1, 2, 2]), weights: Float32Array.from([3, 2, 1, -0.5, 0.25]), above: { nodes: 6, edges: 5 }, dense: 0,
};

const summary: GraphSummary = {
  graph: 'g1', title: 'When Mary gave', prompt: 'When Mary gave', tokens: tokens.map(({ text, id }) => ({ text, id })), targets: [{ node: 0, text: '·Mary', id: 2, probability: 0.9 }], layers: 2, nodes: 6, edges: 5,
  counts: { feature: 3, error: 1, token: 1, logit: 1 }, active: 3, leftOut: { firstPosition: 1 }, scores: { replacement: 0.8, completeness: { reference: 0.9, restricted: 0.85 } },
  source: { kind: 'built', model: 'm1', modelHash: 'abc', set: 'zoo/transcoders', setHashes: [], target: { kind: 'difference', target: 2, distractor: 7 }, maxFeatures: 7500 }, remarks: [], memory: 1000,
};

const comparison = { predicted: Float32Array.from([1, 2]), measured: Float32Array.from([1.1, 1.9]), correlation: 0.99, slope: 1 };

export const intervention: GraphIntervention = {
  features: { ...comparison, targets: [graphNodes[2]!, graphNodes[5]!] }, logits: { predicted: Float32Array.from([-3]), measured: Float32Array.from([-2.5]), correlation: Number.NaN, slope: 0.83, targets: [graphNodes[0]!] },
  direct: { features: Float32Array.from([1, 2]), logits: Float32Array.from([-3]) }, probabilities: { before: Float32Array.from([0.9]), after: Float32Array.from([0.2]) },
  control: { sets: 2, magnitudes: Float32Array.from([0.1, 0.2]), magnitude: 2.5, p: 1 / 3, correlations: Float32Array.from([0, 0.1]) },
};

export const answers: Answers = {
  'panel.start': () => started, 'panel.pin': () => true, 'panel.pick': () => [], 'panel.save': () => null,
  'question.suggest': suggest, 'lens.grid': () => grid, 'dla.run': () => attribution, 'attention.patterns': () => patterns, 'sweep.run': () => sweep,
  'sweep.cell': () => ({ clean: suggestions.predictions, corrupted: suggestions.predictions, patched: suggestions.predictions, metric: 4 }),
  'circuit.edges': () => edges, 'circuit.extract': () => members, 'circuit.evaluate': () => evaluation,
  'graph.sets': () => [{ path: 'zoo/transcoders', name: 'transcoders', kind: 'transcoders', layers: 2, latents: 64, inputHook: 'ln2.hook_normalized', outputHook: 'hook_mlp_out' }],
  'graph.list': () => [], 'graph.export': () => ({ text: '{}', path: undefined, bytes: 2 }), 'graph.build': () => summary, 'graph.view': () => graphView, 'graph.neighbours': () => ({ total: 1, items: [{ node: graphNodes[2]!, weight: 2, share: 0.5 }] }),
  'graph.search': () => ({ total: 1, nodes: [graphNodes[1]!] }), 'graph.supernodes': () => [{ label: 'names', nodes: [1, 5], rule: 'same feature', similarity: 0.9, control: 0.2 }], 'graph.intervene': () => intervention,
  'pairs.read': () => ({
    pairs: [{ line: 1, clean: 'When Mary gave', corrupted: 'When John gave', answers: [' Mary'], distractors: [' John'], tokens: 4, differing: [2] }, { line: 3, clean: 'So Anna gave', corrupted: 'So John gave', answers: [' Anna'], distractors: [' John'], tokens: 4, differing: [2] }],
    diagnostics: [{ severity: 'error', line: 2, column: 1, endColumn: 9, message: 'A pair needs a clean prompt.', hint: undefined }],
  }),
};
