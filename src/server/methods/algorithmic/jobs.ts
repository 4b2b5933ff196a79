/** The requests of the algorithmic view by name. */
import { MechanistError } from '../../../engine/errors.ts';
import type { ParsedParams, Results } from '../../../protocol/methods.ts';
import type { AlgorithmicResults } from '../../../protocol/methods/algorithmicResults.ts';
import type { Job } from '../../scheduler.ts';
import type { Session } from '../../session.ts';

export const algorithmicJobs: { readonly [M in keyof AlgorithmicResults]: (session: Session, params: ParsedParams<M>, signal: AbortSignal) => Job<Results[M]> } = {
  'question.suggest': notYet,
  'lens.grid': notYet,
  'lens.train': notYet,
  'dla.run': notYet,
  'attention.patterns': notYet,
  'attention.scores': notYet,
  'attention.composition': notYet,
  'attention.featurePairs': notYet,
  'sweep.run': notYet,
  'sweep.cell': notYet,
  'circuit.edges': notYet,
  'circuit.import': notYet,
  'circuit.extract': notYet,
  'circuit.evaluate': notYet,
  'circuit.export': notYet,
  'pairs.read': notYet,
};

async function* notYet(): Job<never> {
  throw new MechanistError('unsupported', 'This request is not answered yet.');
}
