/** `mechanist edges`: how much each edge between components matters, estimated or exact. */
import { writeEapGraph } from '../../algorithmic/circuits/eapJson.ts';
import { compareWithExact, topEdges } from '../../algorithmic/circuits/exactEdges.ts';
import { CircuitSet } from '../../algorithmic/circuits/promptSets.ts';
import { scoreEdges } from '../../algorithmic/circuits/scoreEdges.ts';
import { edgeGraphOf, edgeName } from '../../algorithmic/edges/edgeGraph.ts';
import { writeFileAtomically } from '../../engine/formats/atomicFile.ts';
import { writeSafetensors } from '../../engine/formats/safetensorsWriter.ts';
import { f32 } from '../../engine/tensor.ts';
import type { Tensor } from '../../engine/tensor.ts';
import { writeJson } from '../command.ts';
import type { Command } from '../command.ts';
import { wholeNumber } from '../dictionaryOptions.ts';
import { edgeOptions, scoreOptions } from '../edgeOptions.ts';
import { openModel } from '../openModel.ts';
import { promptGroups, promptOptions } from '../promptOptions.ts';
import { modelNotes, modelOptions, runtimeOptions, withRuntime } from '../sharedOptions.ts';

export const edges: Command = {
  name: 'edges',
  summary: 'Score every edge between components: edge attribution patching (EAP, EAP-IG), exact or path patching.',
  positionals: ['MODEL'],
  options: {
    ...promptOptions,
    ...edgeOptions,
    exact: { type: 'string', value: 'N', description: 'Also measure the N strongest edges exactly and give the rank correlation (default 0).' },
    out: { type: 'string', value: 'FILE', description: 'safetensors file to write: scores [senders, receivers], clean_metric, corrupted_metric; over several prompts also low and high (95 %).', required: true },
    graph: { type: 'string', value: 'FILE', description: 'Also write the scores as a graph file of EAP-IG (JSON).' },
    ...runtimeOptions,
    ...modelOptions,
  },
  notes: `A score is the change of the metric (mean over prompts) when the edge carries the corrupted value; estimates are first-order.
Names of senders and receivers, in the order of the scores, go to stdout as JSON, with the twenty strongest edges.
${modelNotes}`,
  async run({ positionals, options, signal, output }) {
    const how = scoreOptions(options);
    const compared = wholeNumber(options, 'exact') ?? 0;
    const model = await openModel(positionals[0]!, options, output, signal);
    const graph = edgeGraphOf(model);
    await withRuntime(options, async (runtime) => {
      const groups = await promptGroups(model, runtime, options);
      const { scores, clean, corrupted, interval } = await scoreEdges(model, runtime, groups, { ...how, signal });
      const matrix = (data: Float32Array): Tensor => ({ dtype: 'float32', dims: [graph.senders.length, graph.receivers.length], data });
      writeSafetensors(options.requiredText('out'), new Map<string, Tensor>([
        ['scores', matrix(scores)], ['clean_metric', f32([], [clean])], ['corrupted_metric', f32([], [corrupted])],
        ...(interval === undefined ? [] : [['low', matrix(interval.low)], ['high', matrix(interval.high)]] as [string, Tensor][]),
      ]));
      const file = options.text('graph');
      if (file !== undefined) writeFileAtomically(file, [Buffer.from(writeEapGraph(model, graph, scores))]);
      const exact = compared === 0 ? undefined : await compareWithExact(await CircuitSet.create(model, runtime, groups), scores, compared, { signal });
      writeJson(output, {
        method: how.method, senders: graph.senders.map(({ name }) => name), receivers: graph.receivers.map(({ name }) => name),
        strongest: topEdges(graph, scores, 20).map((edge) => ({ edge: edgeName(graph, edge), score: scores[edge]! })),
        ...(exact === undefined ? {} : { exact: { ...exact, estimate: Array.from(exact.estimate), exact: Array.from(exact.exact) } }),
      });
    });
  },
};
