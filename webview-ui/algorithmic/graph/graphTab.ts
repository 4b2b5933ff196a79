/** `<mechanist-graph-tab>`: which features, through which others, lead to this prediction. */
import { html, nothing } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import { failureText } from '../../../src/protocol/failureText.ts';
import type { GraphNodeKind } from '../../../src/protocol/methods/graph.ts';
import type { GraphSummary, GraphView } from '../../../src/protocol/methods/graphResults.ts';
import { caution, emptyState } from '../../shared/components/states.ts';
import { t } from '../../shared/strings.ts';
import { InquiryElement } from '../parts/inquiryElement.ts';
import { memo } from '../parts/memo.ts';
import { fixed } from '../parts/names.ts';
import { choice, drawWork, purpose, runButton } from '../parts/work.ts';
import type { GraphCanvas, GraphNodeEvent } from './graphCanvas.ts';
import type { GraphWork } from './graphWork.ts';
import { targetProbability } from './nodeText.ts';
import { searchView } from './searchView.ts';

export class GraphTab extends InquiryElement {
  static override readonly properties = { ...InquiryElement.properties, work: { attribute: false }, problem: { state: true } };
  declare work: GraphWork;
  declare private problem: string | undefined;
  private readonly tokens = memo(({ tokens }: GraphSummary) => tokens.map(({ text }) => text));

  constructor() {
    super();
    this.problem = undefined;
  }

  override render(): TemplateResult {
    const { work } = this;
    return html`${purpose(t('Which features, through which others, lead to this prediction?'), t('Transcoders stand for the MLPs; attention and norms are held fixed. Error nodes hold what the transcoders miss. A prediction of the graph is tested by changing a node.'), t('random active features, as many, put to the same change.'))}
      ${this.tools()}
      ${this.problem === undefined ? nothing : caution(this.problem)}
      ${drawWork(work.summary, { loading: t('Building the graph…'), lines: 10, idle: this.teach(), draw: (summary) => this.graph(summary) })}
      ${work.refused === undefined ? nothing : html`<p>${t('If only links or nodes of it are at fault, the rest can be looked at.')} <vscode-button secondary @click=${() => void work.open(work.refused!, true)}>${t('Open what holds')}</vscode-button></p>`}`;
  }

  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    this.work.ensure();
  }

  private tools(): TemplateResult {
    const { work, inquiry } = this;
    const sets = work.sets.value ?? [];
    return html`<div class="row tools-row">
      ${sets.length === 0 ? nothing : choice(t('transcoders'), work.choices.set ?? sets[0]!.path, sets.map(({ path, name, layers, latents }) => ({ value: path, label: t('{0} ({1} × {2})', name, layers, latents) })), (set) => inquiry.choose('graph', { set }))}
      ${runButton(t('Build the graph'), () => void work.build(), sets.length === 0 || inquiry.question.text === '')}
      <vscode-button secondary @click=${() => void this.attempt(() => work.chooseFile())}>${t('Open a graph file…')}</vscode-button>
      ${work.graph === undefined ? nothing : html`${choice(t('save'), '', [
        { value: '', label: t('as…') }, { value: 'circuit-tracer', label: t('graph (circuit-tracer JSON)') }, { value: 'subgraph', label: t('pinned subgraph (Neuronpedia JSON)') },
        { value: 'csv', label: t('edges (CSV)') }, { value: 'svg', label: t('drawing (SVG)') }, { value: 'png', label: t('image (PNG)') },
      ], (format) => void this.attempt(() => this.save(format)))}`}
    </div>`;
  }

  private teach(): TemplateResult {
    const { work, inquiry } = this;
    const { state } = work.sets;
    if (state.kind === 'failed') return caution(state.message);
    if (state.kind === 'ready' && state.value.length === 0) return emptyState(t('This model has no transcoders, so its MLPs cannot be replaced by features. Open a folder of transcoders for it, or open a graph file.'), { label: t('Open transcoders…'), run: () => void this.openTranscoders() });
    return emptyState(inquiry.question.text === '' ? t('Type a prompt above, then build its graph; or open a graph that circuit-tracer or Neuronpedia has written.') : t('Building runs the model once and goes back from the answer through the features that led to it.'));
  }

  private graph(summary: GraphSummary): TemplateResult {
    const { work } = this;
    const tokens = this.tokens(summary);
    return html`${this.about(summary)}
      <div class="graph-layout"><div class="graph-main">${this.filters(summary)}${drawWork(work.view, { loading: t('Reading the strongest part…'), lines: 8, draw: (view) => this.drawn(view, summary, tokens) })}</div>
      <div class="graph-side">
        ${work.selected === undefined ? searchView(work, tokens) : html`<mechanist-node-card .inquiry=${this.inquiry} .work=${work} .node=${work.selected} .tokens=${tokens}></mechanist-node-card>`}
        <mechanist-pinned .inquiry=${this.inquiry} .work=${work} .tokens=${tokens}></mechanist-pinned>
      </div></div>`;
  }

  private about({ title, nodes, edges, scores, counts, leftOut, remarks, targets, active }: GraphSummary): TemplateResult {
    return html`<p><strong>${title}</strong> <span class="quiet">${t('{0} nodes, {1} edges: {2} features{3}, {4} errors', nodes.toLocaleString('en'), edges.toLocaleString('en'), counts.feature, active === undefined ? '' : t(' of {0} active', active), counts.error)}
      ${targets.length === 0 ? nothing : ` · ${targets.slice(0, 3).map(({ text, probability }) => targetProbability(text, probability)).join(' · ')}`}</span></p>
      ${scores === undefined ? html`<p class="quiet">${t('Scores of a pruned file are not known: they are those of the whole graph.')}</p>`
        : html`<p class="quiet">${t('replacement score {0} (influence that comes from tokens, not from errors) · completeness {1}, over nodes that have inputs {2}', fixed(scores.replacement), fixed(scores.completeness.reference), fixed(scores.completeness.restricted))}</p>`}
      ${leftOut === undefined || leftOut.firstPosition === 0 ? nothing : html`<p class="quiet">${t('Left out: {0} features active at the first position.', leftOut.firstPosition)}</p>`}
      ${remarks.map((remark) => caution(remark))}`;
  }

  private filters(summary: GraphSummary): TemplateResult {
    const { work } = this;
    const { node, edge, maxNodes, kinds, density, list } = work.choices;
    const range = (label: string, value: number, least: number, most: number, step: number, text: string, set: (value: number) => void): TemplateResult => html`<label class="choice"><span>${label}</span>
      <input type="range" min=${least} max=${most} step=${step} .value=${String(value)} @input=${(event: Event) => set(Number((event.currentTarget as HTMLInputElement).value))}><output>${text}</output></label>`;
    const percent = (value: number): string => `${Math.round(100 * value)} %`;
    const kindNames: Readonly<Record<GraphNodeKind, string>> = { feature: t('features'), error: t('errors'), token: t('tokens'), logit: t('logits') };
    return html`<div class="row filters">
      ${range(t('node influence kept'), node, 0.05, 1, 0.01, percent(node), (value) => void work.choose({ node: value }))}
      ${range(t('edge influence kept'), edge, 0.05, 1, 0.01, percent(edge), (value) => void work.choose({ edge: value }))}
      ${range(t('at most'), maxNodes, 20, 2000, 10, t('{0} nodes', maxNodes), (value) => void work.choose({ maxNodes: value }))}
      ${range(t('hide if active at over'), density, 0.05, 1, 0.05, density === 1 ? t('none') : percent(density), (value) => void work.choose({ density: value }))}
      <span class="kinds" role="group" aria-label=${t('Kinds of nodes')}>${(['feature', 'error', 'token', 'logit'] as const).filter((kind) => summary.counts[kind] > 0).map((kind) => html`<label><input type="checkbox" .checked=${kinds.includes(kind)}
        @change=${() => void work.choose({ kinds: kinds.includes(kind) ? kinds.filter((one) => one !== kind) : [...kinds, kind] })}>${kindNames[kind]}</label>`)}</span>
      <button class="icon-button codicon codicon-list-tree" aria-pressed=${list} aria-label=${t('List')} title=${t('Show as a list')} @click=${() => this.inquiry.choose('graph', { list: !list })}></button>
    </div>`;
  }

  private drawn(view: GraphView, summary: GraphSummary, tokens: readonly string[]): TemplateResult {
    const { work, inquiry } = this;
    return html`<p class="quiet">${t('{0} of {1} nodes above the threshold, {2} of {3} edges', view.nodes.length, view.above.nodes, view.weights.length, view.above.edges)}${view.dense === 0 ? nothing : ` · ${t('{0} left out for being active too often', view.dense)}`}</p>
      ${work.choices.list ? html`<mechanist-graph-list .inquiry=${inquiry} .work=${work} .view=${view} .tokens=${tokens}></mechanist-graph-list>` : html`<mechanist-graph .view=${view} .tokens=${tokens} .layers=${summary.layers} .pinned=${work.pinned} .selected=${work.selected?.node}
        @node-open=${({ detail }: GraphNodeEvent) => work.select(detail)} @node-pin=${({ detail }: GraphNodeEvent) => void work.togglePin(detail.node)}></mechanist-graph>`}`;
  }

  private async openTranscoders(): Promise<void> {
    await this.inquiry.session.channel.ask('panel.openDictionary', {});
    this.work.sets.reset();
  }

  private async save(format: string): Promise<void> {
    const { work } = this;
    if (format === 'circuit-tracer' || format === 'subgraph' || format === 'csv') await work.save(format);
    const canvas = this.querySelector<GraphCanvas>('mechanist-graph');
    if (format !== 'svg' && format !== 'png') return;
    const content = format === 'svg' ? canvas?.svg() : await canvas?.png();
    if (content !== undefined) await work.channel.ask('panel.save', { name: `attribution graph.${format}`, content });
  }

  private async attempt(run: () => Promise<void>): Promise<void> {
    this.problem = undefined;
    try {
      await run();
    } catch (error) {
      this.problem = failureText(error);
    }
  }
}
