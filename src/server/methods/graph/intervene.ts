/** `graph.intervene`: changes nodes in the model and compares prediction with measurement. */
import { intervene } from '../../../algorithmic/attributionGraph/intervene/intervene.ts';
import type { Comparison } from '../../../algorithmic/attributionGraph/intervene/intervene.ts';
import { MechanistError } from '../../../engine/errors.ts';
import type { ParsedParams } from '../../../protocol/methods.ts';
import type { GraphIntervention } from '../../../protocol/methods/graphResults.ts';
import { running } from '../../running.ts';
import type { Job } from '../../scheduler.ts';
import type { Session } from '../../session.ts';
import { graphNode } from './nodes.ts';
import { graphsOf } from './shelf.ts';

/** Errors: `not-found`; `unsupported` for a graph read from a file; `cancelled` once the model is closed; those of `intervene`. */
export async function* graphIntervene(session: Session, params: ParsedParams<'graph.intervene'>, signal: AbortSignal): Job<GraphIntervention> {
  const { open, made } = graphsOf(session).get(params.graph);
  if (made === undefined) {
    throw new MechanistError('unsupported', 'This graph was read from a file, so there is no model behind it to change.', { hint: 'Build the graph of its prompt with an open model.' });
  }
  const { model, built } = made;
  model.requireOpen();
  const { nodes, change, measure, targets, maxTargets, controls, seed } = params;
  const result = yield* running(model, 'intervention', signal, (progress) => intervene(model.model, model.runtime, built, open, { ...progress, nodes, change, measure, targets, maxTargets, controls, seed }));
  const shown = ({ targets: compared, predicted, measured, correlation, slope }: Comparison): GraphIntervention['features'] => ({ predicted, measured, correlation, slope, targets: Array.from(compared, (node) => graphNode(open, node)) });
  const { features, logits, probabilities, control } = result;
  return { features: shown(features), logits: shown(logits), direct: { features: features.direct, logits: logits.direct }, probabilities, control };
}
