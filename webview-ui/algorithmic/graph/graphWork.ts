/** What the graph tab asks for. The graph lies in the engine; here is only what is drawn, what is selected, what is pinned. No DOM. */
import { failureText } from '../../../src/protocol/failureText.ts';
import type { Params } from '../../../src/protocol/methods.ts';
import type { MeasuredEvidence } from '../../../src/protocol/methods/findings.ts';
import type { GraphChange } from '../../../src/protocol/methods/graph.ts';
import type { GraphIntervention, GraphNode, GraphNodePage, GraphSummary, GraphView, SupernodeProposal, TranscoderSetSummary } from '../../../src/protocol/methods/graphResults.ts';
import { Resource } from '../../shared/resource.ts';
import { t } from '../../shared/strings.ts';
import type { Inquiry } from '../inquiry.ts';
import type { Place } from '../place.ts';
import { dictionaryOf } from './featureDictionary.ts';
import { modelOf, pinGraph, subgraphRequest } from './pin.ts';
import { pinnedDrawing } from './viewModel.ts';
import type { PinnedGraph } from './pin.ts';

export interface Intervened {
  readonly result: GraphIntervention;
  readonly nodes: readonly number[];
  readonly change: GraphChange;
  readonly measure: 'model' | 'direct';
}

export class GraphWork {
  readonly sets: Resource<readonly TranscoderSetSummary[]>;
  readonly summary: Resource<GraphSummary>;
  readonly view: Resource<GraphView>;
  readonly found: Resource<GraphNodePage>;
  readonly proposals: Resource<readonly SupernodeProposal[]>;
  readonly intervention: Resource<Intervened>;
  /** The evidence of a pin, while it is measured. */
  readonly evidence: Resource<MeasuredEvidence | undefined>;
  /** The node whose card is open. */
  selected: GraphNode | undefined;
  /** A file that was not opened as it is, but may be in parts. */
  refused: string | undefined;
  private readonly inquiry: Inquiry;
  private restored = false;

  constructor(inquiry: Inquiry) {
    this.inquiry = inquiry;
    this.sets = new Resource(inquiry);
    this.summary = new Resource(inquiry);
    this.view = new Resource(inquiry);
    this.found = new Resource(inquiry);
    this.proposals = new Resource(inquiry);
    this.intervention = new Resource(inquiry);
    this.evidence = new Resource(inquiry);
    inquiry.onModel(() => this.anotherModel());
  }

  get choices(): Place['graph'] {
    return this.inquiry.place.graph;
  }

  get graph(): string | undefined {
    return this.summary.state.kind === 'ready' ? this.summary.state.value.graph : undefined;
  }

  /** Nodes that are pinned, alone or in a group. */
  get pinned(): readonly number[] {
    return this.choices.pinned;
  }

  /** Looks for what was open before a reload, and for what a graph can be built with. */
  ensure(): void {
    if (this.inquiry.session.model !== undefined && this.sets.state.kind === 'idle') void this.sets.load((signal) => this.channel.call('graph.sets', { model: this.inquiry.modelKey }, { signal }));
    if (this.restored || this.inquiry.session.context.engine.kind === 'failed') return;
    this.restored = true;
    void this.restore();
  }

  async build(): Promise<void> {
    const { question, modelKey } = this.inquiry;
    const { set } = this.choices;
    const { target, distractor, metric } = question;
    const goal = metric === 'logit_diff' && target !== undefined && distractor !== undefined ? { kind: 'difference', target: target.id, distractor: distractor.id } as const
      : metric === 'log_prob' && target !== undefined ? { kind: 'tokens' as const, ids: [target.id] } : { kind: 'top' } as const;
    const params: Params<'graph.build'> = { model: modelKey, text: question.text, target: goal, ...(set === undefined ? {} : { set }) };
    this.leave();
    await this.summary.load((signal, onProgress) => this.channel.call('graph.build', params, { signal, onProgress }));
    await this.opened(undefined);
  }

  async chooseFile(): Promise<void> {
    const [path] = await this.channel.ask('panel.pick', { what: 'file', title: t('Graph of circuit-tracer or Neuronpedia'), extensions: ['json'] });
    if (path !== undefined) await this.open(path);
  }

  /** `repair` leaves dangling links and repeated nodes out, for which a file is refused otherwise. */
  async open(path: string, repair = false): Promise<void> {
    this.restored = true;
    this.leave();
    await this.summary.load((signal, onProgress) => this.channel.call('graph.open', { path, repair }, { signal, onProgress }));
    this.refused = this.summary.state.kind === 'failed' && this.summary.state.reason === 'parse' && !repair ? path : undefined;
    this.inquiry.requestUpdate();
    const graph = this.graph;
    if (graph === undefined) return;
    const { nodes, supernodes } = await this.channel.call('graph.pinned', { graph });
    this.inquiry.choose('graph', { pinned: [...nodes], supernodes: supernodes.map(({ label, nodes: members }) => ({ label, nodes: [...members] })) });
    await this.opened(path);
  }

  /** Another threshold or filter: what is drawn stays until the new part is there. */
  async choose(change: Partial<Place['graph']>): Promise<void> {
    this.inquiry.choose('graph', change);
    await this.look();
  }

  async look(): Promise<void> {
    const { graph } = this;
    if (graph === undefined) return;
    const { node, edge, maxNodes, kinds, density, pinned, supernodes } = this.choices;
    const kept = [...new Set([...pinned, ...supernodes.flatMap(({ nodes }) => nodes)])];
    await this.view.load((signal) => this.channel.call('graph.view', { graph, thresholds: { node, edge }, maxNodes, maxEdges: maxNodes * 8, kinds, density, pinned: kept }, { signal }), { keep: true });
  }

  select(node: GraphNode | undefined): void {
    if (node?.node !== this.selected?.node) this.intervention.reset();
    this.selected = node;
    this.inquiry.requestUpdate();
  }

  async search(query: string): Promise<void> {
    const { graph } = this;
    if (graph === undefined || query.trim() === '') this.found.reset();
    else await this.found.load((signal) => this.channel.call('graph.search', { graph, query: query.trim() }, { signal }), { keep: true });
  }

  /** Nodes that a search finds; none where no graph is open. */
  async lookFor(query: string): Promise<readonly GraphNode[]> {
    await this.search(query);
    return this.found.value?.nodes ?? [];
  }

  async togglePin(node: number): Promise<void> {
    const { pinned, supernodes } = this.choices;
    const has = pinned.includes(node);
    await this.choose({
      pinned: has ? pinned.filter((one) => one !== node) : [...pinned, node],
      supernodes: has ? supernodes.map((group) => ({ ...group, nodes: group.nodes.filter((one) => one !== node) })).filter(({ nodes }) => nodes.length > 0) : supernodes,
    });
  }

  /** Puts nodes into a group; a node is in one group at most. */
  async group(label: string, nodes: readonly number[]): Promise<void> {
    const { pinned, supernodes } = this.choices;
    const others = supernodes.map((group) => ({ ...group, nodes: group.nodes.filter((node) => !nodes.includes(node)) })).filter((group) => group.nodes.length > 0);
    await this.choose({ pinned: [...new Set([...pinned, ...nodes])], supernodes: [...others, { label, nodes: [...nodes] }] });
  }

  async ungroup(label: string): Promise<void> {
    await this.choose({ supernodes: this.choices.supernodes.filter((group) => group.label !== label) });
  }

  async propose(): Promise<void> {
    const { graph } = this;
    const { node, edge } = this.choices;
    if (graph !== undefined) await this.proposals.load((signal) => this.channel.call('graph.supernodes', { graph, thresholds: { node, edge } }, { signal }), { keep: true });
  }

  async intervene(nodes: readonly number[], change: GraphChange, measure: 'model' | 'direct'): Promise<void> {
    const { graph } = this;
    if (graph === undefined) return;
    await this.intervention.load(async (signal, onProgress) => ({
      result: await this.channel.call('graph.intervene', { graph, nodes: [...nodes], change, measure, controls: 20 }, { signal, onProgress }), nodes, change, measure,
    }), { keep: true });
  }

  /** Whether a feature's label goes into the label file of its dictionary. */
  keepsLabels({ layer }: GraphNode): boolean {
    const { session } = this.inquiry;
    const summary = this.summary.value;
    return session.context.trusted && session.context.folders !== undefined && summary !== undefined && dictionaryOf(summary.source, layer, session.model) !== undefined;
  }

  /** Names a feature, at all its positions; an empty label takes the name away. */
  async label(node: GraphNode, label: string): Promise<void> {
    const { graph } = this;
    const { session } = this.inquiry;
    const summary = this.summary.value;
    if (graph === undefined || summary === undefined) return;
    const found = dictionaryOf(summary.source, node.layer, session.model);
    const { folders } = session.context;
    if (this.keepsLabels(node) && found !== undefined && folders !== undefined) await this.channel.call('semantic.label.set', { model: this.inquiry.modelKey, dictionary: found.dictionary, labels: folders.labels, feature: node.feature, label: label === '' ? null : label });
    await this.channel.call('graph.label', { graph, labels: { [`${node.layer}/${node.feature}`]: label } });
    if (this.selected?.node === node.node) this.selected = { ...node, label };
    await this.look();
  }

  /** Measures what runs through the pinned nodes, beside random sets, and puts it into a finding; tried again as a whole. */
  async pin(): Promise<void> {
    const pinned = this.snapshot();
    const { graph, choices } = this;
    if (pinned === undefined || graph === undefined) return;
    await this.evidence.load(async (signal, onProgress) => {
      const { summary, model, nodes } = pinned;
      if (model === undefined) throw new Error(t('The model of this graph is not open any more.'));
      const request = subgraphRequest(summary, model, nodes.map(({ id }) => id));
      const data = await this.subgraph(graph, choices);
      const measured = request === undefined ? undefined : await this.channel.call('findings.run', request, { signal, onProgress });
      if (!signal.aborted) pinGraph(this.inquiry, { ...pinned, model }, measured, data);
      return measured;
    });
  }

  private snapshot(): (Omit<PinnedGraph, 'model'> & { readonly model: string | undefined }) | undefined {
    const summary = this.summary.value;
    if (summary === undefined) return undefined;
    const { context, model } = this.inquiry.session;
    const { supernodes } = this.choices;
    const view = this.view.value;
    const known = new Map(view?.nodes.map((one) => [one.node, one]));
    return {
      summary, model: modelOf(summary.source, context.models, model), nodes: this.pinned.flatMap((node) => known.get(node) ?? []), supernodes,
      drawing: view && pinnedDrawing(view, { nodes: [...this.pinned], supernodes }, summary.layers),
      intervened: this.intervention.value, names: new Map(Array.from(known.values(), ({ node, id }) => [node, id])),
    };
  }

  /** Writes the graph, or its pinned part, where the user says. */
  async save(format: 'circuit-tracer' | 'subgraph' | 'csv'): Promise<void> {
    const { graph } = this;
    if (graph === undefined) return;
    const { node, edge, pinned, supernodes } = this.choices;
    const name = format === 'csv' ? 'edges.csv' : format === 'subgraph' ? 'subgraph.json' : 'attribution.graph.json';
    const [path] = await this.channel.ask('panel.pick', { what: 'saveAs', title: t('Save the graph'), name });
    if (path !== undefined) await this.channel.call('graph.export', { graph, format, thresholds: { node, edge }, path, ...(pinned.length === 0 ? {} : { pinned: { nodes: pinned, supernodes } }) });
  }

  get channel(): Inquiry['session']['channel'] {
    return this.inquiry.session.channel;
  }

  /** What is offered is the model's; a graph that was built is about the model before. */
  private anotherModel(): void {
    this.sets.reset();
    this.inquiry.choose('graph', { set: undefined });
    if (this.summary.value?.source.kind !== 'built') return;
    this.summary.reset();
    this.leave();
  }

  /** The pinned part as JSON of circuit-tracer's kind; undefined where nothing is pinned. */
  private async subgraph(graph: string, { node, edge, pinned, supernodes }: Place['graph']): Promise<string | undefined> {
    if (pinned.length === 0) return undefined;
    return (await this.channel.call('graph.export', { graph, format: 'subgraph', thresholds: { node, edge }, pinned: { nodes: pinned, supernodes } })).text;
  }

  private async restore(): Promise<void> {
    const { file, graph } = this.choices;
    if (graph === undefined && file === undefined) return;
    const known = await this.channel.call('graph.list', {}).then((open) => open.find((one) => one.graph === graph), (error: unknown) => {
      this.channel.tell('problem', { message: `finding the graph again: ${String(error)}` });
      return undefined;
    });
    if (known !== undefined) {
      this.summary.replace(known);
      await this.look();
    } else if (file !== undefined) await this.open(file);
  }

  private async opened(file: string | undefined): Promise<void> {
    const { graph } = this;
    if (graph === undefined) return;
    this.inquiry.choose('graph', { file, graph });
    await this.readLabels(graph);
    await this.look();
  }

  /** Names that the workspace has for the features: a graph without its dictionaries keeps those of its file. */
  private async readLabels(graph: string): Promise<void> {
    const { session } = this.inquiry;
    const { folders } = session.context;
    const summary = this.summary.value;
    if (folders === undefined || summary === undefined) return;
    const dictionaries = Array.from({ length: summary.layers }, (_, layer) => dictionaryOf(summary.source, layer, session.model)?.dictionary);
    if (!dictionaries.every((key) => key !== undefined) || dictionaries.length === 0) return;
    await this.channel.call('graph.labels', { graph, model: this.inquiry.modelKey, dictionaries, folder: folders.labels }).catch((error: unknown) => this.channel.tell('problem', { message: `labels of the graph: ${failureText(error)}` }));
  }

  private leave(): void {
    this.selected = undefined;
    for (const resource of [this.view, this.found, this.proposals, this.intervention, this.evidence]) resource.reset();
    this.inquiry.choose('graph', { pinned: [], supernodes: [], file: undefined, graph: undefined });
  }
}
