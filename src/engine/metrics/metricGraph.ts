/**
 * A model's graph with a metric as output. Where the metric reads one position, the final norm and the
 * unembedding run only there: at a vocabulary of 50,000 they are a third of a small model's cost.
 */
import { GraphBuilder } from '../graph/builder.ts';
import { typeOf } from '../graph/ir.ts';
import type { Graph } from '../graph/ir.ts';
import { reinfer } from '../graph/reinfer.ts';
import { rewire } from '../graph/splice.ts';
import { appendMetric, metricOutput, metricPerRowOutput, metricPosition, positionInput } from './append.ts';
import type { Metric } from './parse.ts';

/**
 * Adds outputs `metric` (scalar) and `metric/per_row` ([batch]) to a model graph. Other outputs are dropped.
 * `whole` names tensors that must keep all their positions.
 * Errors: `argument` when the metric does not fit the logits.
 */
export function metricGraph(graph: Graph, metric: Metric, logits: string, whole: Iterable<string> = []): Graph {
  const candidate = metricPosition(metric) === undefined ? undefined : restrictToMetricPosition(graph, logits);
  const restricted = candidate !== undefined && sameShapes(graph, candidate, whole) ? candidate : undefined;
  const b = new GraphBuilder(restricted ?? graph);
  const { perRow, value } = appendMetric(b, metric, logits, restricted !== undefined);
  b.identity(perRow, metricPerRowOutput);
  b.identity(value, metricOutput);
  return b.build([metricOutput, metricPerRowOutput]);
}

/**
 * Lets everything after the last block see only the metric's position, if that part of the graph treats
 * positions independently; undefined if it does not, or if the graph has no named residual stream.
 */
function restrictToMetricPosition(graph: Graph, logits: string): Graph | undefined {
  const last = lastResidual(graph);
  if (last === undefined) return undefined;
  let read = '';
  const rewired = rewire(graph, last, (b, stream) => (read = b.gather(stream, b.input(positionInput, 'int64', [1]), 1)));
  const inferred = reinfer({ ...rewired, outputs: [logits] }, [read]);
  // Inference proves independence: only position-wise operators carry the single position through to the logits.
  return inferred.types.get(logits)?.shape?.[1] === 1 ? inferred : undefined;
}

function sameShapes(a: Graph, b: Graph, names: Iterable<string>): boolean {
  return [...names].every((name) => typeOf(a, name)?.shape?.join() === typeOf(b, name)?.shape?.join());
}

function lastResidual(graph: Graph): string | undefined {
  let last: string | undefined;
  for (let layer = 0; ; layer++) {
    const name = `blocks.${layer}.hook_resid_post`;
    if (graph.types.get(name)?.shape?.length !== 3) return last;
    last = name;
  }
}
