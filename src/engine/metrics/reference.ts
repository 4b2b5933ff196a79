/** Binding metrics that compare with the clean prediction to it. */
import { GraphBuilder } from '../graph/builder.ts';
import { int } from '../graph/ir.ts';
import type { Model } from '../models/model.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { i64 } from '../tensor.ts';
import type { Tensor } from '../tensor.ts';
import type { Metric } from './parse.ts';

/** The metric with the log-probabilities on `clean` as its reference; metrics other than `kl` as they are. */
export async function withReference(model: Model, runtime: Runtime, metric: Metric, clean: ReadonlyMap<string, Tensor>): Promise<Metric> {
  if (metric.kind !== 'kl') return metric;
  const b = new GraphBuilder({ ...model.graph(), outputs: [] });
  const at = b.squeeze(b.gather(model.output, b.input('reference/position', 'int64', [1]), 1), [1]);
  b.output(b.node('LogSoftmax', [at], { attributes: { axis: int(-1) }, outputs: ['reference/log_probabilities'] }));
  const run = await runtime.run(b.build(), new Map([...model.feeds(clean), ['reference/position', i64([1], [metric.position])]]), model.parameters);
  return { ...metric, reference: run.get('reference/log_probabilities')! };
}
