/** `<mechanist-pinned>`: what a person keeps of the graph: nodes and groups of them, made by hand or proposed. */
import { html, nothing } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import type { GraphNode, GraphView } from '../../../src/protocol/methods/graphResults.ts';
import { emptyState } from '../../shared/components/states.ts';
import { t } from '../../shared/strings.ts';
import type { NodeEvent } from '../circuit/drawingView.ts';
import { InquiryElement } from '../parts/inquiryElement.ts';
import { memo } from '../parts/memo.ts';
import { fixed } from '../parts/names.ts';
import { drawWork, pinButton } from '../parts/work.ts';
import type { GraphWork } from './graphWork.ts';
import { interventionView } from './interventionView.ts';
import { nodeName, placeText } from './nodeText.ts';
import { pinnedDrawing } from './viewModel.ts';

export class PinnedView extends InquiryElement {
  static override readonly properties = { ...InquiryElement.properties, work: { attribute: false }, tokens: { attribute: false }, chosen: { state: true }, tested: { state: true } };
  declare work: GraphWork;
  declare tokens: readonly string[];
  /** Nodes that will be a group. */
  declare private chosen: ReadonlySet<number>;
  /** Label of the group whose test is open. */
  declare private tested: string | undefined;
  private readonly drawing = memo((view: GraphView, nodes: readonly number[], supernodes: GraphWork['choices']['supernodes'], layers: number) => pinnedDrawing(view, { nodes: [...nodes], supernodes }, layers));

  constructor() {
    super();
    this.chosen = new Set();
    this.tested = undefined;
  }

  override render(): TemplateResult {
    const { work } = this;
    const { pinned, supernodes } = work.choices;
    const view = work.view.value;
    const summary = work.summary.value;
    const known = new Map(view?.nodes.map((node) => [node.node, node]));
    return html`<section aria-label=${t('Pinned subgraph')}><h2>${t('Pinned subgraph')} <span class="quiet">${pinned.length}</span><span class="spacer-grow"></span>
      ${pinned.length === 0 ? nothing : html`${pinButton(t('Pin this subgraph to a finding'), () => void work.pin())}
        <button class="icon-button codicon codicon-clear-all" aria-label=${t('Unpin all')} title=${t('Unpin all')} @click=${() => void work.choose({ pinned: [], supernodes: [] })}></button>`}</h2>
      ${pinned.length > 0 && summary?.source.kind === 'file' ? html`<p class="quiet">${t('A graph of a file is pinned as a claim without evidence: build it from its model to have evidence that can be run again.')}</p>` : nothing}
      ${drawWork(work.evidence, { loading: t('Measuring what runs through it, beside random sets…'), lines: 1, draw: () => nothing })}
      ${pinned.length === 0 ? emptyState(t('Space on a node keeps it here; nodes that mean the same become a group.')) : html`
        ${view === undefined || summary === undefined ? nothing : html`<mechanist-layers .drawing=${this.drawing(view, pinned, supernodes, summary.layers)} .name=${t('Subgraph')} @node-choose=${({ detail }: NodeEvent) => work.select(known.get(Number(detail)))}></mechanist-layers>`}
        <ul class="pinned">${pinned.filter((node) => !supernodes.some(({ nodes }) => nodes.includes(node))).map((node) => this.row(node, known.get(node)))}</ul>
        ${this.chosen.size > 1 ? html`<div class="row"><input type="text" class="grow" aria-label=${t('Name of the group')} placeholder=${t('Name of the group')} @keydown=${(event: KeyboardEvent) => { if (event.key === 'Enter') this.makeGroup(event.currentTarget as HTMLInputElement); event.stopPropagation(); }}>
          <vscode-button @click=${(event: Event) => this.makeGroup((event.currentTarget as HTMLElement).previousElementSibling as HTMLInputElement)}>${t('Group {0} nodes', this.chosen.size)}</vscode-button></div>` : nothing}`}
      ${supernodes.map((group) => this.group(group, known))}
      ${this.proposals(known)}
    </section>`;
  }

  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    const { pinned, supernodes } = this.work.choices;
    const left = [...this.chosen].filter((node) => pinned.includes(node) && !supernodes.some(({ nodes }) => nodes.includes(node)));
    if (left.length !== this.chosen.size) this.chosen = new Set(left);
  }

  private row(node: number, known: GraphNode | undefined): TemplateResult {
    const name = known === undefined ? t('node {0}', node) : `${nodeName(known)} ${known.kind === 'feature' ? known.label : ''}`;
    const toggle = (event: Event): void => {
      const next = new Set(this.chosen);
      if ((event.currentTarget as HTMLInputElement).checked) next.add(node);
      else next.delete(node);
      this.chosen = next;
    };
    return html`<li><label><input type="checkbox" .checked=${this.chosen.has(node)} @change=${toggle}>${name}</label> <span class="quiet">${known === undefined || known.kind === 'logit' ? '' : placeText(known, this.tokens)}</span>
      <span class="spacer-grow"></span>${known === undefined ? nothing : html`<button class="icon-button codicon codicon-go-to-file" aria-label=${t('Open {0}', name)} title=${t('Open {0}', name)} @click=${() => this.work.select(known)}></button>`}
      <button class="icon-button codicon codicon-close" aria-label=${t('Unpin {0}', name)} title=${t('Unpin {0}', name)} @click=${() => void this.work.togglePin(node)}></button></li>`;
  }

  private group({ label, nodes }: { readonly label: string; readonly nodes: readonly number[] }, known: ReadonlyMap<number, GraphNode>): TemplateResult {
    return html`<div class="supernode"><h3>${label} <span class="quiet">${t('{0} nodes', nodes.length)}</span><span class="spacer-grow"></span>
      <button class="icon-button codicon codicon-beaker" aria-pressed=${this.tested === label} aria-label=${t('Test the group {0}', label)} title=${t('Test by changing all of them')} @click=${() => { this.tested = this.tested === label ? undefined : label; this.work.intervention.reset(); }}></button>
      <button class="icon-button codicon codicon-ungroup-by-ref-type" aria-label=${t('Dissolve the group {0}', label)} title=${t('Dissolve the group')} @click=${() => void this.work.ungroup(label)}></button></h3>
      <p class="quiet">${nodes.map((node) => (known.has(node) ? nodeName(known.get(node)!) : node)).join(', ')}</p>
      ${this.tested === label ? interventionView(this.work, nodes, undefined) : nothing}</div>`;
  }

  private proposals(known: ReadonlyMap<number, GraphNode>): TemplateResult {
    const { work } = this;
    return html`<details class="proposals" @toggle=${(event: Event) => { if ((event.currentTarget as HTMLDetailsElement).open && work.proposals.state.kind === 'idle') void work.propose(); }}>
      <summary>${t('Proposed groups')}</summary>${drawWork(work.proposals, {
        loading: t('Looking for nodes that belong together…'), lines: 2,
        draw: (list) => (list.length === 0 ? html`<p class="quiet">${t('No nodes here are alike enough.')}</p>` : html`<ul class="pinned">${list.slice(0, 20).map(({ label, nodes, rule, similarity, control }) => html`<li>
          <span>${label}</span> <span class="quiet" title=${nodes.map((node) => (known.has(node) ? nodeName(known.get(node)!) : node)).join(', ')}>${rule === 'same feature' ? t('same feature, {0} nodes', nodes.length) : t('similar edges, {0} nodes', nodes.length)} ${fixed(similarity)}</span>
          <span class="control">${t('random groups {0}', fixed(control))}</span><span class="spacer-grow"></span>
          <vscode-button secondary @click=${() => void work.group(label, nodes)}>${t('Take')}</vscode-button></li>`)}</ul>`),
      })}</details>`;
  }

  private makeGroup(input: HTMLInputElement): void {
    const label = input.value.trim();
    if (label === '') {
      input.focus();
      return;
    }
    void this.work.group(label, [...this.chosen]);
    this.chosen = new Set();
  }
}
