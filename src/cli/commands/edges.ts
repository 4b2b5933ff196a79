/** `mechanist edges`: how much each edge between components matters, estimated or exact. */
import { edgeAttribution } from '../../algorithmic/edges/edgeAttribution.ts';
import { edgeGraphOf, edgeName } from '../../algorithmic/edges/edgeGraph.ts';
import type { EdgeGraph } from '../../algorithmic/edges/edgeGraph.ts';
import { CircuitRunner } from '../../algorithmic/edges/maskedForward.ts';
import { writeSafetensors } from '../../engine/formats/safetensorsWriter.ts';
import { checkMetric } from '../../engine/metrics/append.ts';
import { metricGrammar, parseMetric } from '../../engine/metrics/parse.ts';
import { f32 } from '../../engine/tensor.ts';
import type { Tensor } from '../../engine/tensor.ts';
import { UsageError, writeJson } from '../command.ts';
import type { Command } from '../command.ts';
import { inputsFromFile } from '../modelInputs.ts';
import { openModel } from '../openModel.ts';
import { modelNotes, modelOptions, positiveInteger, runtimeOptions, withRuntime } from '../sharedOptions.ts';

export const edges: Command = {
  name: 'edges',
  summary: 'Score every edge between components: edge attribution patching (EAP, EAP-IG) or exact patching.',
  positionals: ['MODEL'],
  options: {
    clean: { type: 'string', value: 'FILE', description: 'safetensors file with the clean inputs (input_ids [batch, pos], …).', required: true },
    corrupted: { type: 'string', value: 'FILE', description: 'The corrupted inputs, aligned with the clean ones.', required: true },
    metric: { type: 'string', value: 'METRIC', description: metricGrammar, required: true },
    method: { type: 'string', value: 'NAME', description: 'eap, eap-ig (default) or exact.' },
    steps: { type: 'string', value: 'N', description: 'Points on the path from corrupted to clean embeddings, for eap-ig (default 5).' },
    rule: { type: 'string', value: 'NAME', description: 'midpoint (default), or left as in the reference implementation of EAP-IG.' },
    out: { type: 'string', value: 'FILE', description: 'safetensors file to write: scores [senders, receivers], clean_metric, corrupted_metric.', required: true },
    ...runtimeOptions,
    ...modelOptions,
  },
  notes: `A score is the change of the metric (mean over rows) when the edge carries the corrupted value; estimates are first-order.
Names of senders and receivers, in the order of the scores, go to stdout as JSON, with the twenty strongest edges.
${modelNotes}`,
  async run({ positionals, options, signal, output }) {
    const metric = parseMetric(options.requiredText('metric'));
    const method = oneOf('--method', options.text('method') ?? 'eap-ig', ['eap', 'eap-ig', 'exact'] as const);
    const rule = oneOf('--rule', options.text('rule') ?? 'midpoint', ['midpoint', 'left'] as const);
    const steps = method === 'eap' ? 1 : positiveInteger(options, 'steps') ?? 5;
    const model = await openModel(positionals[0]!, options, output, signal);
    checkMetric(metric, model.graph(), model.output);
    const prompts = { clean: inputsFromFile(model, options.requiredText('clean')), corrupted: inputsFromFile(model, options.requiredText('corrupted')), metric };
    const graph = edgeGraphOf(model);
    const { scores, cleanMetric, corruptedMetric } = await withRuntime(options, async (runtime) => {
      if (method !== 'exact') return edgeAttribution(model, runtime, { ...prompts, steps, rule, signal });
      return exactScores(await CircuitRunner.create(model, runtime, prompts), signal);
    });
    writeSafetensors(options.requiredText('out'), new Map<string, Tensor>([
      ['scores', scores], ['clean_metric', f32([], [cleanMetric])], ['corrupted_metric', f32([], [corruptedMetric])],
    ]));
    writeJson(output, { method, senders: graph.senders.map(({ name }) => name), receivers: graph.receivers.map(({ name }) => name), strongest: strongest(graph, scores, 20) });
  },
};

/** One run per edge, that edge cut. */
async function exactScores(runner: CircuitRunner, signal: AbortSignal): Promise<{ scores: Tensor<'float32'>; cleanMetric: number; corruptedMetric: number }> {
  const { exists, senders, receivers } = runner.edges;
  const present = [...exists.keys()].filter((edge) => exists[edge] === 1);
  const circuits = [exists, new Uint8Array(exists.length), ...present.map((edge) => exists.map((kept, i) => (i === edge ? 0 : kept)))];
  const [full, empty, ...cut] = await runner.evaluate(circuits, signal);
  const data = new Float32Array(exists.length);
  present.forEach((edge, i) => (data[edge] = cut[i]! - full!));
  return { scores: { dtype: 'float32', dims: [senders.length, receivers.length], data }, cleanMetric: full!, corruptedMetric: empty! };
}

function strongest(graph: EdgeGraph, scores: Tensor<'float32'>, count: number): { edge: string; score: number }[] {
  return [...graph.exists.keys()]
    .filter((edge) => graph.exists[edge] === 1)
    .toSorted((a, b) => Math.abs(scores.data[b]!) - Math.abs(scores.data[a]!))
    .slice(0, count)
    .map((edge) => ({ edge: edgeName(graph, edge), score: scores.data[edge]! }));
}

function oneOf<T extends string>(option: string, text: string, allowed: readonly T[]): T {
  const found = allowed.find((name) => name === text);
  if (found === undefined) throw new UsageError(`${option} takes ${allowed.join(', ')}, not "${text}".`);
  return found;
}
