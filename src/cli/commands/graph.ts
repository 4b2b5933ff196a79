/** `mechanist graph`: the attribution graph of a prompt over the features of transcoders. */
import { basename, extname } from 'node:path';
import { buildGraph } from '../../algorithmic/attributionGraph/build.ts';
import type { BuiltGraph } from '../../algorithmic/attributionGraph/build.ts';
import { hashesOf, scanOf } from '../../algorithmic/attributionGraph/featureLayers.ts';
import type { Transcoders } from '../../algorithmic/attributionGraph/featureLayers.ts';
import { adjacencyMatrix } from '../../algorithmic/attributionGraph/graph.ts';
import { graphInfluence } from '../../algorithmic/attributionGraph/influence.ts';
import { graphFile } from '../../algorithmic/attributionGraph/interchange/writeGraph.ts';
import { promptTokens, tokenTexts } from '../../algorithmic/attributionGraph/promptTokens.ts';
import { pruneGraph } from '../../algorithmic/attributionGraph/prune.ts';
import { graphScores } from '../../algorithmic/attributionGraph/scores.ts';
import { openTranscoders } from '../../engine/dictionaries/open.ts';
import { writeFileAtomically } from '../../engine/formats/atomicFile.ts';
import { writeSafetensors } from '../../engine/formats/safetensorsWriter.ts';
import type { Model } from '../../engine/models/model.ts';
import { tokenizerOf } from '../../engine/models/openPath.ts';
import type { Tokenizer } from '../../engine/models/tokenizer.ts';
import { MechanistError } from '../../engine/errors.ts';
import { f32, i64, numbersOf } from '../../engine/tensor.ts';
import type { Tensor } from '../../engine/tensor.ts';
import { UsageError, writeJson } from '../command.ts';
import type { Command, OptionValues } from '../command.ts';
import { dictionaryOptions, openOptions } from '../dictionaryOptions.ts';
import { inputOptions, inputsFromFile } from '../modelInputs.ts';
import { openModel } from '../openModel.ts';
import { modelNotes, modelOptions, positiveInteger, runtimeOptions, withRuntime } from '../sharedOptions.ts';

export const graph: Command = {
  name: 'graph',
  summary: "Attribution graph of a prompt: direct effects between a transcoder set's features, errors, tokens and logits.",
  positionals: ['MODEL'],
  options: {
    dictionary: { type: 'string', value: 'DIR', description: "Folder of transcoders for every layer, or of a cross-layer transcoder, in circuit-tracer's layout.", required: true },
    inputs: { ...inputOptions.inputs, description: 'safetensors file with input_ids [pos] or [1, pos], a special token first.' },
    text: { ...inputOptions.text, description: "Prompt, through the model's tokenizer, behind its first special token." },
    out: { type: 'string', value: 'FILE', description: "Graph file to write (.json), pruned, in circuit-tracer's format.", required: true },
    raw: { type: 'string', value: 'FILE', description: 'safetensors file to write: the whole graph as tensors (below).' },
    'max-logits': { type: 'string', value: 'N', description: 'Most logits that are explained (default 10).' },
    'logit-mass': { type: 'string', value: 'P', description: 'Explain the likeliest tokens until their probabilities reach P (default 0.95).' },
    'max-features': { type: 'string', value: 'N', description: 'Most features that become nodes; the most influential are taken (default 7500).' },
    'node-threshold': { type: 'string', value: 'P', description: 'Share of influence that the nodes of the file keep (default 0.8).' },
    'edge-threshold': { type: 'string', value: 'P', description: 'Share of influence that its edges keep (default 0.98).' },
    'input-hook': dictionaryOptions['input-hook'],
    'output-hook': dictionaryOptions['output-hook'],
    ...runtimeOptions,
    ...modelOptions,
  },
  notes: `Attention patterns and norm scales are held constant; MLPs are replaced by their transcoders and an error. Features and
errors at the first position are left out. Hooks are named within the block (hook_mlp_out) or with {layer}.
--raw: adjacency_matrix [nodes, nodes] (rows are targets; selected features, errors by layer, tokens, logits), active_features
[n, 3] (layer, position, feature), activation_values, selected_features, logit_token_ids, logit_probabilities, input_ids.
${modelNotes}`,
  async run({ positionals, options, signal, output }) {
    const thresholds = { node: shareOf(options, 'node-threshold') ?? 0.8, edge: shareOf(options, 'edge-threshold') ?? 0.98 };
    const target = { kind: 'top', mass: shareOf(options, 'logit-mass') ?? 0.95, most: positiveInteger(options, 'max-logits') ?? 10 } as const;
    if (target.mass === 0) throw new UsageError('--logit-mass takes a share above 0.');
    const model = await openModel(positionals[0]!, options, output, signal);
    const transcoders = await openTranscoders(options.requiredText('dictionary'), openOptions(options));
    const tokenizer = await tokenizerOf(model);
    const ids = promptIds(model, tokenizer, options);
    const textOf = tokenTexts(tokenizer);
    const built = await withRuntime(options, (runtime) => buildGraph(model, runtime, transcoders, {
      inputs: new Map([['input_ids', i64([1, ids.length], ids)]]), target, maxFeatures: positiveInteger(options, 'max-features') ?? 7500, signal,
      textOf, prompt: options.text('text') ?? ids.map(textOf).join(tokenizer === undefined ? ' ' : ''), onProgress: progressNotes((text) => output.note(text)),
    }));
    const influence = graphInfluence(built.graph);
    const pruned = pruneGraph(built.graph, influence, thresholds);
    const scores = graphScores(built.graph, influence);
    const raw = options.text('raw');
    if (raw !== undefined) writeSafetensors(raw, rawTensors(built, ids));
    const out = options.requiredText('out');
    const pieces = graphFile(built.graph, influence, pruned, {
      slug: basename(out, extname(out)), scan: scanOf(transcoders), nodeThreshold: thresholds.node, metadata: await madeFrom(model, transcoders, thresholds, target, built),
    });
    writeFileAtomically(out, encoded(pieces));
    const { counts, edges, probabilities, targets } = built.graph;
    writeJson(output, {
      nodes: counts, edges: edges.source.length, activeFeatures: built.active.feature.length, leftOutAtFirstPosition: built.active.ignored,
      targets: targets.map((text, i) => ({ token: text, id: built.targets[i]!.id, probability: probabilities[i] })),
      kept: { nodes: pruned.nodes.reduce((sum, kept) => sum + kept, 0), edges: pruned.edges.length }, ...(scores && { scores }),
    });
  },
};

function promptIds(model: Model, tokenizer: Tokenizer | undefined, options: OptionValues): number[] {
  const [text, file] = [options.text('text'), options.text('inputs')];
  if ((text === undefined) === (file === undefined)) throw new UsageError('Give either --text or --inputs.');
  if (text !== undefined) {
    if (tokenizer === undefined) throw new MechanistError('unsupported', 'The model has no tokenizer, so it cannot read a text.', { file: model.source, hint: 'Give token ids: --inputs FILE.safetensors with input_ids.' });
    return promptTokens(tokenizer, text);
  }
  const ids = inputsFromFile(model, file!).get('input_ids');
  if (ids === undefined) throw new MechanistError('argument', 'The file has no input_ids.', { file });
  if (!(ids.dims.length === 1 || (ids.dims.length === 2 && ids.dims[0] === 1))) {
    throw new MechanistError('argument', `An attribution graph is of one prompt; input_ids has shape [${ids.dims.join(', ')}].`, { file, field: 'tensor input_ids' });
  }
  return Array.from(numbersOf(ids));
}

function rawTensors({ graph: built, active, selected, targets }: BuiltGraph, ids: readonly number[]): [string, Tensor][] {
  const count = active.feature.length;
  const nodes = built.nodes.kind.length;
  const triples = BigInt64Array.from({ length: 3 * count }, (_, i) => BigInt([active.layer, active.position, active.feature][i % 3]![Math.floor(i / 3)]!));
  return [
    ['adjacency_matrix', f32([nodes, nodes], adjacencyMatrix(built))],
    ['active_features', { dtype: 'int64', dims: [count, 3], data: triples }],
    ['activation_values', f32([count], active.activation)],
    ['selected_features', i64([selected.length], selected)],
    ['logit_token_ids', i64([targets.length], targets.map(({ id }) => id))],
    ['logit_probabilities', f32([targets.length], targets.map(({ probability }) => probability))],
    ['input_ids', i64([ids.length], ids)],
  ];
}

/** What the graph was made from, in the members that Neuronpedia has for it, and the identities of model and transcoders. */
async function madeFrom(model: Model, transcoders: Transcoders, thresholds: { node: number; edge: number }, target: { mass: number; most: number }, { graph: { counts }, active }: BuiltGraph): Promise<Record<string, unknown>> {
  return {
    info: { generator: { name: 'Mechanist' }, create_time_ms: Date.now() },
    generation_settings: { max_n_logits: target.most, desired_logit_prob: target.mass, feature_nodes: counts.feature, active_features: active.feature.length, model_hash: await model.hash(), transcoder_hashes: hashesOf(transcoders) },
    pruning_settings: { node_threshold: thresholds.node, edge_threshold: thresholds.edge },
  };
}

function* encoded(pieces: Iterable<string>): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  let text = '';
  for (const piece of pieces) {
    text += piece;
    if (text.length < 2 ** 20) continue;
    yield encoder.encode(text);
    text = '';
  }
  yield encoder.encode(text);
}

/** One line per tenth. */
function progressNotes(note: (text: string) => void): (done: number, total: number) => void {
  let last = 0;
  return (done, total) => {
    const tenth = Math.floor((10 * done) / total);
    if (tenth === last) return;
    last = tenth;
    note(`${done} of ${total} rows\n`);
  };
}

function shareOf(options: OptionValues, name: string): number | undefined {
  const text = options.text(name);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 1)) throw new UsageError(`--${name} takes a share from 0 to 1, not "${text}".`);
  return value;
}
