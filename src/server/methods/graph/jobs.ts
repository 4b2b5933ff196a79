/** The requests about attribution graphs by name. */
import { MechanistError } from '../../../engine/errors.ts';
import type { ParsedParams, Results } from '../../../protocol/methods.ts';
import type { GraphResults } from '../../../protocol/methods/graphResults.ts';
import type { Job } from '../../scheduler.ts';
import type { Session } from '../../session.ts';
import { graphBuild, graphClose, graphList, graphOpen } from './build.ts';
import { graphExport, graphPinned } from './files.ts';
import { graphDiff, graphLabel, graphNeighbours, graphSearch, graphSupernodes, graphView } from './look.ts';
import { graphSets } from './sets.ts';

export const graphJobs: { readonly [M in keyof GraphResults]: (session: Session, params: ParsedParams<M>, signal: AbortSignal) => Job<Results[M]> } = {
  'graph.sets': graphSets,
  'graph.build': graphBuild,
  'graph.open': graphOpen,
  'graph.close': graphClose,
  'graph.list': graphList,
  'graph.view': graphView,
  'graph.neighbours': graphNeighbours,
  'graph.search': graphSearch,
  'graph.label': graphLabel,
  'graph.supernodes': graphSupernodes,
  'graph.intervene': notYet,
  'graph.diff': graphDiff,
  'graph.export': graphExport,
  'graph.pinned': graphPinned,
};

async function* notYet(): Job<never> {
  throw new MechanistError('unsupported', 'This request is not answered yet.');
}
