/** Attribution graphs that are open in the engine process, with what they were made from. */
import type { BuiltGraph } from '../../../algorithmic/attributionGraph/build.ts';
import type { OpenGraph } from '../../../algorithmic/attributionGraph/queries/openGraph.ts';
import type { Pinned } from '../../../algorithmic/attributionGraph/interchange/pinned.ts';
import type { Transcoders } from '../../../algorithmic/attributionGraph/featureLayers.ts';
import type { JsonMap } from '../../../engine/formats/json.ts';
import { MechanistError } from '../../../engine/errors.ts';
import type { GraphSummary } from '../../../protocol/methods/graphResults.ts';
import type { OpenModel, Session } from '../../session.ts';

export interface ShelvedGraph {
  readonly open: OpenGraph;
  readonly summary: GraphSummary;
  /** Of graphs that were built here. */
  readonly made: { readonly model: OpenModel; readonly transcoders: Transcoders; readonly built: BuiltGraph; readonly set: string } | undefined;
  /** Of graphs that were read from a file: what it says besides nodes and links. */
  readonly read: { readonly metadata: JsonMap; readonly types: ReadonlyMap<number, string> } | undefined;
  /** Pinned nodes of the file it was read from. */
  readonly pinned: Pinned;
}

export class GraphShelf {
  private readonly graphs = new Map<string, ShelvedGraph>();
  private opened = 0;

  /** Errors: `memory` when too many are open. */
  newKey(): string {
    if (this.graphs.size >= mostGraphs) throw new MechanistError('memory', `${mostGraphs} attribution graphs are open.`, { hint: 'Close one of them.' });
    return `graph-${++this.opened}`;
  }

  add(graph: ShelvedGraph): GraphSummary {
    this.graphs.set(graph.summary.graph, graph);
    return graph.summary;
  }

  /** Errors: `not-found`. */
  get(key: string): ShelvedGraph {
    const found = this.graphs.get(key);
    if (found === undefined) throw new MechanistError('not-found', 'No attribution graph of this key is open.', { field: 'graph' });
    return found;
  }

  /** Errors: `not-found`. */
  close(key: string): void {
    this.get(key);
    this.graphs.delete(key);
  }

  list(): GraphSummary[] {
    return Array.from(this.graphs.values(), ({ summary }) => summary);
  }
}

const mostGraphs = 16;

const shelves = new WeakMap<Session, GraphShelf>();

/** The graphs of a session. */
export function graphsOf(session: Session): GraphShelf {
  let shelf = shelves.get(session);
  if (shelf === undefined) shelves.set(session, (shelf = new GraphShelf()));
  return shelf;
}
