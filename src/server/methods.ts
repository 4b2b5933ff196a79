/** The methods of the engine process by name. */
import type { MethodName, ParsedParams, Results } from '../protocol/methods.ts';
import { algorithmicJobs } from './methods/algorithmic/jobs.ts';
import { findingsJobs } from './methods/findings/jobs.ts';
import { graphJobs } from './methods/graph/jobs.ts';
import { probeJobs } from './methods/probes/jobs.ts';
import { dictionaryOpen } from './methods/dictionaryOpen.ts';
import { modelClose } from './methods/modelClose.ts';
import { modelOpen } from './methods/modelOpen.ts';
import { semanticJobs } from './methods/semantic/jobs.ts';
import { textInspect } from './methods/textInspect.ts';
import { textLens } from './methods/textLens.ts';
import { textPaint } from './methods/textPaint.ts';
import { zooList } from './methods/zooList.ts';
import type { Job } from './scheduler.ts';
import type { Session } from './session.ts';

/** Methods that are jobs; `engine.status` is answered at once. */
export type JobName = Exclude<MethodName, 'engine.status'>;

export const jobs: { readonly [M in JobName]: (session: Session, params: ParsedParams<M>, signal: AbortSignal) => Job<Results[M]> } = {
  'zoo.list': zooList,
  'model.open': modelOpen,
  'model.close': modelClose,
  'dictionary.open': dictionaryOpen,
  'text.inspect': textInspect,
  'text.lens': textLens,
  'text.paint': textPaint,
  ...algorithmicJobs,
  ...graphJobs,
  ...findingsJobs,
  ...probeJobs,
  ...semanticJobs,
};
