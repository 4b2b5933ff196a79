/** The requests of the algorithmic view by name. */
import type { ParsedParams, Results } from '../../../protocol/methods.ts';
import type { AlgorithmicResults } from '../../../protocol/methods/algorithmicResults.ts';
import type { Job } from '../../scheduler.ts';
import type { Session } from '../../session.ts';
import { attentionComposition, attentionFeaturePairs, attentionPatternsOf, attentionScores } from './attention.ts';
import { circuitEdges, circuitEvaluate, circuitExport, circuitExtract, circuitImport } from './circuits.ts';
import { dlaRun } from './dla.ts';
import { lensGrid, lensTrain } from './lens.ts';
import { pairsRead } from './pairs.ts';
import { questionSuggest } from './question.ts';
import { sweepCell, sweepRun } from './sweeps.ts';

export const algorithmicJobs: { readonly [M in keyof AlgorithmicResults]: (session: Session, params: ParsedParams<M>, signal: AbortSignal) => Job<Results[M]> } = {
  'question.suggest': questionSuggest,
  'lens.grid': lensGrid,
  'lens.train': lensTrain,
  'dla.run': dlaRun,
  'attention.patterns': attentionPatternsOf,
  'attention.scores': attentionScores,
  'attention.composition': attentionComposition,
  'attention.featurePairs': attentionFeaturePairs,
  'sweep.run': sweepRun,
  'sweep.cell': sweepCell,
  'circuit.edges': circuitEdges,
  'circuit.import': circuitImport,
  'circuit.extract': circuitExtract,
  'circuit.evaluate': circuitEvaluate,
  'circuit.export': circuitExport,
  'pairs.read': pairsRead,
};
