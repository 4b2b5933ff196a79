/** The requests about attribution graphs by name. */
import type { ParsedParams, Results } from '../../../protocol/methods.ts';
import type { GraphResults } from '../../../protocol/methods/graphResults.ts';
import type { Job } from '../../scheduler.ts';
import type { Session } from '../../session.ts';
import { whileWaiting } from '../../waiting.ts';
import { graphBuild, graphClose, graphList, graphOpen } from './build.ts';
import { graphExport, graphPinned } from './files.ts';
import { graphIntervene } from './intervene.ts';
import { graphLabel, graphLabels } from './labels.ts';
import { graphDiff, graphNeighbours, graphSearch, graphSupernodes, graphView } from './look.ts';
import { graphSets } from './sets.ts';

export const graphJobs: { readonly [M in keyof GraphResults]: (session: Session, params: ParsedParams<M>, signal: AbortSignal) => Job<Results[M]> } = {
  'graph.sets': (session, params) => atOnce(() => graphSets(session, params)),
  'graph.build': graphBuild,
  'graph.open': graphOpen,
  'graph.close': (session, params) => atOnce(() => graphClose(session, params)),
  'graph.list': (session) => atOnce(() => graphList(session)),
  'graph.view': (session, params) => atOnce(() => graphView(session, params)),
  'graph.neighbours': (session, params) => atOnce(() => graphNeighbours(session, params)),
  'graph.search': (session, params) => atOnce(() => graphSearch(session, params)),
  'graph.label': (session, params) => atOnce(() => graphLabel(session, params)),
  'graph.labels': graphLabels,
  'graph.supernodes': (session, params) => atOnce(() => graphSupernodes(session, params)),
  'graph.intervene': graphIntervene,
  'graph.diff': (session, params) => atOnce(() => graphDiff(session, params)),
  'graph.export': (session, params) => atOnce(() => graphExport(session, params)),
  'graph.pinned': (session, params) => atOnce(() => graphPinned(session, params)),
};

/** What is answered in one step. */
async function* atOnce<T>(answer: () => T): Job<T> {
  return yield* whileWaiting(new Promise<T>((resolve) => resolve(answer())), { stage: 'answering' });
}
