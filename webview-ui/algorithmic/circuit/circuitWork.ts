/** What the circuit tab asks for: scores of edges, a circuit of them, its tests. No DOM. */
import type { Params } from '../../../src/protocol/methods.ts';
import type { CircuitSelection } from '../../../src/protocol/methods/algorithmic.ts';
import type { CircuitEdges, CircuitEvaluation, CircuitMembers, PairFile } from '../../../src/protocol/methods/algorithmicResults.ts';
import { Resource } from '../../shared/resource.ts';
import { t } from '../../shared/strings.ts';
import type { Inquiry } from '../inquiry.ts';
import { promptsOf } from '../question/question.ts';

export interface ScoredEdges {
  readonly result: CircuitEdges;
  readonly params: Params<'circuit.edges'> | undefined;
  /** Method and its settings, to tell several apart. */
  readonly name: string;
}

export class CircuitWork {
  readonly edges: Resource<ScoredEdges>;
  readonly members: Resource<CircuitMembers>;
  readonly evaluation: Resource<CircuitEvaluation>;
  /** The node whose edges are listed. */
  node: string | undefined;
  /** Every set of scores of this question, for comparison. */
  kept: readonly ScoredEdges[] = [];
  /** The held-out pairs of the last test. */
  heldOut: PairFile['pairs'] = [];
  private readonly inquiry: Inquiry;

  constructor(inquiry: Inquiry) {
    this.inquiry = inquiry;
    this.edges = new Resource<ScoredEdges>(inquiry);
    this.members = new Resource<CircuitMembers>(inquiry);
    this.evaluation = new Resource<CircuitEvaluation>(inquiry);
    inquiry.onQuestion(() => this.reset());
  }

  get selection(): CircuitSelection {
    const { select, edges, threshold } = this.inquiry.place.circuit;
    return select === 'threshold' ? { kind: 'threshold', threshold } : { kind: select, edges };
  }

  /** Lists the edges of one node; of all again when it is the same. */
  choose(node: string | undefined): void {
    this.node = this.node === node ? undefined : node;
    this.inquiry.requestUpdate();
  }

  async run(): Promise<void> {
    const { session, question, place, modelKey } = this.inquiry;
    const prompts = promptsOf(question);
    if (prompts === undefined) return;
    const { method, steps } = place.circuit;
    const params: Params<'circuit.edges'> = { model: modelKey, prompts, method, steps };
    this.members.reset();
    this.evaluation.reset();
    await this.edges.load(async (signal, onProgress) => {
      const result = await session.channel.call('circuit.edges', params, { signal, onProgress });
      return { result, params, name: method === 'eap-ig' || method === 'eap-ig-activations' ? `${method} (${steps})` : method };
    });
    await this.scored();
  }

  /** Reads the scores of another tool's file. */
  async importFile(): Promise<void> {
    const { session, modelKey } = this.inquiry;
    const [path] = await session.channel.ask('panel.pick', { what: 'file', title: t('Graph of EAP-IG'), extensions: ['json'] });
    if (path === undefined) return;
    this.members.reset();
    this.evaluation.reset();
    await this.edges.load(async (signal) => ({
      result: await session.channel.call('circuit.import', { model: modelKey, source: { kind: 'file', path } }, { signal }), params: undefined, name: path.split(/[\\/]/).at(-1)!,
    }));
    await this.scored();
  }

  /** Another size or rule: the members at once, the tests when they are asked for. */
  async select(change: Partial<Inquiry['place']['circuit']>): Promise<void> {
    this.inquiry.choose('circuit', change);
    this.evaluation.reset();
    await this.extract();
  }

  async evaluate(): Promise<void> {
    const { session, question, place, modelKey } = this.inquiry;
    const prompts = promptsOf(question);
    const edges = this.edges.value;
    if (prompts === undefined || edges === undefined) return;
    const { heldOut, nulls } = place.circuit;
    const params: Params<'circuit.evaluate'> = {
      model: modelKey, edges: edges.result.edges, prompts, selection: this.selection, nulls,
      ...(heldOut === undefined ? {} : { heldOut: { kind: 'pairs', source: { kind: 'file', path: heldOut } } }),
    };
    await this.evaluation.load(async (signal, onProgress) => {
      this.heldOut = heldOut === undefined ? [] : (await session.channel.call('pairs.read', { model: modelKey, source: { kind: 'file', path: heldOut } }, { signal })).pairs;
      return session.channel.call('circuit.evaluate', params, { signal, onProgress });
    }, { keep: true });
  }

  async exportJson(): Promise<void> {
    const { session, modelKey } = this.inquiry;
    const edges = this.edges.value;
    if (edges === undefined) return;
    const { json } = await session.channel.call('circuit.export', { model: modelKey, edges: edges.result.edges, selection: this.selection });
    await session.channel.ask('panel.save', { name: 'circuit.json', content: json });
  }

  private async extract(): Promise<void> {
    const { session, modelKey } = this.inquiry;
    const edges = this.edges.value;
    if (edges === undefined) return;
    await this.members.load((signal) => session.channel.call('circuit.extract', { model: modelKey, edges: edges.result.edges, selection: this.selection }, { signal }), { keep: true });
  }

  private async scored(): Promise<void> {
    const edges = this.edges.state.kind === 'ready' ? this.edges.state.value : undefined;
    if (edges === undefined) return;
    this.kept = [...this.kept.filter(({ name }) => name !== edges.name), edges];
    await this.extract();
  }

  private reset(): void {
    this.kept = [];
    for (const resource of [this.edges, this.members, this.evaluation]) resource.reset();
  }
}
