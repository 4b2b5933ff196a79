/** Checking a metric against the model it is asked of, before anything runs. */
import { MechanistError } from '../errors.ts';
import { typeOf } from '../graph/ir.ts';
import type { Model } from '../models/model.ts';
import { formatMetric } from './parse.ts';
import type { Metric } from './parse.ts';

/** Errors: `argument` when the metric names a token or class that the model's output does not have. */
export function checkMetric(metric: Metric, model: Model): void {
  const size = typeOf(model.graph(), model.output)?.shape?.at(-1);
  const beyond = typeof size === 'number' ? outputsNamedBy(metric).find((id) => id >= size) : undefined;
  if (beyond === undefined) return;
  throw new MechanistError('argument', `The metric names output ${beyond}, but the model has ${size}: 0 to ${Number(size) - 1}.`, {
    field: `metric ${JSON.stringify(formatMetric(metric))}`,
  });
}

function outputsNamedBy(metric: Metric): number[] {
  switch (metric.kind) {
    case 'logit_diff': return metric.rows.flatMap(({ right, wrong }) => [right, wrong]);
    case 'logit': return [metric.token];
    case 'class': return metric.wrong === undefined ? [metric.right] : [metric.right, metric.wrong];
    case 'loss': return [];
  }
}
