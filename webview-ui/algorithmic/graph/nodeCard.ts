/** `<mechanist-node-card>`: one node of the graph: what it is, what leads to it, what it leads to, what happens without it. */
import { html, nothing } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import { failureText } from '../../../src/protocol/failureText.ts';
import type { GraphNeighbours, GraphNode } from '../../../src/protocol/methods/graphResults.ts';
import type { Column, RowEvent, TableSource } from '../../shared/components/virtualTable.ts';
import { caution } from '../../shared/components/states.ts';
import { signedBar } from '../../shared/components/bars.ts';
import { visibleLabel } from '../../shared/notation.ts';
import { t } from '../../shared/strings.ts';
import { featureSubject } from '../../shared/subject.ts';
import type { Subject } from '../../../src/protocol/views/panel.ts';
import { InquiryElement } from '../parts/inquiryElement.ts';
import { signedText } from '../parts/names.ts';
import { pinButton } from '../parts/work.ts';
import type { GraphWork } from './graphWork.ts';
import { dictionaryOf } from './featureDictionary.ts';
import { interventionView } from './interventionView.ts';
import { nodeName, nodeText, placeText } from './nodeText.ts';
import { pinNode } from './pin.ts';

type Neighbour = GraphNeighbours['items'][number];

export class NodeCard extends InquiryElement {
  static override readonly properties = { ...InquiryElement.properties, work: { attribute: false }, node: { attribute: false }, tokens: { attribute: false }, editing: { state: true }, problem: { state: true } };
  declare private editing: boolean;
  declare private problem: string | undefined;
  declare work: GraphWork;
  declare node: GraphNode;
  declare tokens: readonly string[];
  private inputs: TableSource<Neighbour> | undefined;
  private outputs: TableSource<Neighbour> | undefined;
  private columns: readonly Column<Neighbour>[] = [];

  constructor() {
    super();
    this.editing = false;
    this.problem = undefined;
  }

  override render(): TemplateResult {
    const { node, work } = this;
    const pinned = work.pinned.includes(node.node);
    const subject = this.subject();
    return html`<section class="node-card" aria-label=${t('Node')}>
      <h2>${subject === undefined ? html`<span class="word">${nodeName(node)}</span>` : html`<mechanist-chip menu .subject=${subject}></mechanist-chip>`} ${node.kind === 'feature' && !this.editing ? html`${node.label === '' ? html`<span class="quiet">${t('no label')}</span>` : html`<span>${visibleLabel(node.label)}</span>`}<button class="icon-button codicon codicon-edit" aria-label=${t('Edit the label')} title=${t('Edit the label')} @click=${() => { this.editing = true; }}></button>` : nothing}
        <span class="spacer-grow"></span>
        ${subject === undefined ? nothing : pinButton(t('Pin this node to a finding'), () => pinNode(this.inquiry, work, node, subject))}
        <button class="icon-button codicon codicon-${pinned ? 'remove' : 'add'}" aria-pressed=${pinned} aria-label=${t('Keep in the subgraph')} title=${t('Keep in the subgraph (Space)')} @click=${() => void work.togglePin(node.node)}></button>
        <button class="icon-button codicon codicon-close" aria-label=${t('Close the card')} title=${t('Close the card')} @click=${() => work.select(undefined)}></button></h2>
      ${this.editing ? this.labelField() : nothing}${this.problem === undefined ? nothing : caution(this.problem)}
      <p class="quiet">${nodeText(node, this.tokens)}</p>
      ${node.kind === 'token' ? nothing : this.neighbours(t('What leads to it'), this.inputs)}
      ${node.kind === 'logit' ? nothing : this.neighbours(t('What it leads to'), this.outputs)}
      ${node.kind === 'logit' ? nothing : interventionView(work, [node.node], node.kind === 'feature' ? node.activation : undefined)}
    </section>`;
  }

  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    if (changed.has('node') && (changed.get('node') as GraphNode | undefined)?.node !== this.node.node) {
      this.editing = false;
      this.problem = undefined;
    }
    if (!changed.has('node') && this.inputs !== undefined) return;
    const source = (direction: 'inputs' | 'outputs'): TableSource<Neighbour> => ({
      key: ({ node }) => node.node,
      load: async (offset, count, signal) => {
        const { total, items } = await this.work.channel.call('graph.neighbours', { graph: this.work.graph!, node: this.node.node, direction, offset, count }, { signal });
        return { total, rows: items };
      },
    });
    this.inputs = source('inputs');
    this.outputs = source('outputs');
    this.columns = [
      { id: 'node', title: t('node'), track: 'minmax(9ch, 1.2fr)', cell: ({ node }) => nodeName(node) },
      { id: 'label', title: t('label'), track: 'minmax(6ch, 2fr)', cell: ({ node }) => (node.kind === 'feature' ? node.label : '') },
      { id: 'place', title: t('at'), track: 'minmax(7ch, 1fr)', cell: ({ node }) => (node.kind === 'logit' ? '' : placeText(node, this.tokens)) },
      { id: 'bar', title: t('share'), track: '60px', hint: t('Share of the absolute sum over all inputs of the edge’s target'), cell: ({ weight, share }) => signedBar(Math.sign(weight) * share, 1) },
      { id: 'weight', title: t('weight'), track: '7ch', numeric: true, cell: ({ weight }) => signedText(weight) },
    ];
  }

  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    if (changed.has('editing') && this.editing) this.querySelector<HTMLInputElement>('.label-form input')?.focus();
  }

  private labelField(): TemplateResult {
    const kept = this.work.keepsLabels(this.node);
    return html`<form class="row label-form" @submit=${(event: Event) => { event.preventDefault(); void this.saveLabel(); }} @keydown=${(event: KeyboardEvent) => {
      event.stopPropagation();
      if (event.key === 'Escape') this.editing = false;
    }}>
      <input type="text" class="grow" aria-label=${t('Label')} maxlength="1000" .value=${this.node.label}>
      <vscode-button @click=${() => void this.saveLabel()}>${t('Save')}</vscode-button></form>
      <p class="quiet">${kept ? t('Kept in the label file of its dictionary, for every view.') : t('Kept in this graph, and in the file it is saved to: its dictionary is not open, or the workspace has no place for labels.')}</p>`;
  }

  private async saveLabel(): Promise<void> {
    const label = this.querySelector<HTMLInputElement>('.label-form input')?.value.trim() ?? '';
    try {
      await this.work.label(this.node, label);
      this.problem = undefined;
      this.editing = false;
    } catch (error) {
      this.problem = failureText(error);
    }
  }

  private neighbours(name: string, source: TableSource<Neighbour> | undefined): TemplateResult {
    return html`<h3>${name}</h3><div class="neighbours"><mechanist-table .columns=${this.columns} .source=${source} .name=${name} .none=${t('Nothing, above what was kept.')}
      @row-open=${({ detail }: RowEvent<Neighbour>) => this.work.select(detail.node)} @row-pin=${({ detail }: RowEvent<Neighbour>) => void this.work.togglePin(detail.node.node)}></mechanist-table></div>`;
  }

  /** The feature as the rest of the program knows it, where its dictionary is open. */
  private subject(): Subject | undefined {
    const { node, work, inquiry } = this;
    const model = inquiry.session.model;
    const summary = work.summary.value;
    if (node.kind !== 'feature' || model === undefined || summary === undefined) return undefined;
    const found = dictionaryOf(summary.source, node.layer, model);
    return found === undefined ? undefined : featureSubject(model.id, found.id, node.feature, found.dictionary, node.label === '' ? undefined : node.label);
  }
}
