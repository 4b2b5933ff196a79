/** What the compare tab asks for: two circuits of the same question, two attribution graphs. No DOM. */
import type { CircuitMembers } from '../../../src/protocol/methods/algorithmicResults.ts';
import type { GraphDiff, GraphSummary } from '../../../src/protocol/methods/graphResults.ts';
import { Resource } from '../../shared/resource.ts';
import type { CircuitWork, ScoredEdges } from '../circuit/circuitWork.ts';
import type { GraphWork } from '../graph/graphWork.ts';
import type { Inquiry } from '../inquiry.ts';

export interface CircuitPair {
  readonly names: readonly [string, string];
  readonly members: readonly [CircuitMembers, CircuitMembers];
}

export class CompareWork {
  readonly circuits: Resource<CircuitPair>;
  readonly graphs: Resource<readonly GraphSummary[]>;
  readonly diff: Resource<GraphDiff>;
  /** Keys of the two graphs. */
  chosen: readonly [string | undefined, string | undefined] = [undefined, undefined];
  readonly circuit: CircuitWork;
  readonly graph: GraphWork;
  private readonly inquiry: Inquiry;

  constructor(inquiry: Inquiry, circuit: CircuitWork, graph: GraphWork) {
    this.inquiry = inquiry;
    this.circuit = circuit;
    this.graph = graph;
    this.circuits = new Resource<CircuitPair>(inquiry);
    this.graphs = new Resource<readonly GraphSummary[]>(inquiry);
    this.diff = new Resource<GraphDiff>(inquiry);
    inquiry.onQuestion(() => this.circuits.reset());
  }

  async compareCircuits(first: ScoredEdges, second: ScoredEdges): Promise<void> {
    const { session, modelKey } = this.inquiry;
    const { selection } = this.circuit;
    const members = (edges: ScoredEdges, signal: AbortSignal): Promise<CircuitMembers> => session.channel.call('circuit.extract', { model: modelKey, edges: edges.result.edges, selection }, { signal });
    await this.circuits.load(async (signal) => ({ names: [first.name, second.name] as const, members: [await members(first, signal), await members(second, signal)] as const }), { keep: true });
  }

  async listGraphs(): Promise<void> {
    await this.graphs.load((signal) => this.inquiry.session.channel.call('graph.list', {}, { signal }), { keep: true });
  }

  async choose(place: 0 | 1, graph: string): Promise<void> {
    this.chosen = place === 0 ? [graph, this.chosen[1]] : [this.chosen[0], graph];
    const [first, second] = this.chosen;
    this.inquiry.requestUpdate();
    if (first === undefined || second === undefined || first === second) return;
    const { node, edge } = this.inquiry.place.graph;
    await this.diff.load((signal) => this.inquiry.session.channel.call('graph.diff', { first, second, thresholds: { node, edge } }, { signal }), { keep: true });
  }

  async openFile(): Promise<void> {
    await this.graph.chooseFile();
    await this.listGraphs();
  }
}
