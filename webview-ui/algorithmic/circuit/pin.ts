/** Evidence of a circuit: its faithfulness beside random circuits, or only its edges while it is untested. */
import type { CircuitEvaluation, CircuitMembers, PairFile } from '../../../src/protocol/methods/algorithmicResults.ts';
import { figureOfDrawing } from '../../shared/charts/pinned.ts';
import { t } from '../../shared/strings.ts';
import { edgeSubject } from '../../shared/subject.ts';
import type { Inquiry } from '../inquiry.ts';
import { answerName, measuredMetric, pairInputs, pairText } from '../question/evidence.ts';
import { circuitDrawing } from './viewModel.ts';

export function pinCircuit(inquiry: Inquiry, members: CircuitMembers, evaluation: CircuitEvaluation | undefined, heldOut: PairFile['pairs']): void {
  const { edges } = members;
  const { question, session, place } = inquiry;
  const model = session.model!.id;
  const figure = figureOfDrawing(t('Circuit of {0} edges', edges.length), circuitDrawing(members));
  inquiry.pin({
    ...(figure === undefined ? {} : { figure }),
    claim: t('{0} edges carry “{1}” after “{2}”.', edges.length, answerName(question), question.text),
    subjects: edges.slice(0, 200).map(({ sender, receiver }) => edgeSubject(model, sender, receiver)),
    evidence: evaluation === undefined ? [] : [{
      method: 'circuit.faithfulness@1', metric: 'faithfulness', value: evaluation.faithfulness, ...(evaluation.interval === undefined ? {} : { interval: [evaluation.interval[0], evaluation.interval[1]] }),
      control: { name: 'random circuits of equal size, 99th percentile', value: evaluation.random.p99 },
      inputs: { ...pairInputs(question, inquiry.pairLines), ...(evaluation.heldOut === undefined ? {} : { held_out: pairText(heldOut) }) }, parameters: { edges: edges.map(({ name }) => name), nulls: place.circuit.nulls, metric: measuredMetric(question) }, dictionaries: [],
      measures: {
        edges: evaluation.edges, necessity: 1 - evaluation.complement, ...(evaluation.heldOut === undefined ? {} : { held_out: evaluation.heldOut.faithfulness }),
        ...(evaluation.rashomon === undefined ? {} : { rashomon: evaluation.rashomon.faithfulness }),
      },
    }],
  });
}
