/** The requests about attribution graphs by name. */
import { MechanistError } from '../../../engine/errors.ts';
import type { ParsedParams, Results } from '../../../protocol/methods.ts';
import type { GraphResults } from '../../../protocol/methods/graphResults.ts';
import type { Job } from '../../scheduler.ts';
import type { Session } from '../../session.ts';

export const graphJobs: { readonly [M in keyof GraphResults]: (session: Session, params: ParsedParams<M>, signal: AbortSignal) => Job<Results[M]> } = {
  'graph.sets': notYet,
  'graph.build': notYet,
  'graph.open': notYet,
  'graph.close': notYet,
  'graph.list': notYet,
  'graph.view': notYet,
  'graph.neighbours': notYet,
  'graph.search': notYet,
  'graph.label': notYet,
  'graph.supernodes': notYet,
  'graph.intervene': notYet,
  'graph.diff': notYet,
  'graph.export': notYet,
  'graph.pinned': notYet,
};

async function* notYet(): Job<never> {
  throw new MechanistError('unsupported', 'This request is not answered yet.');
}
