/** `<mechanist-graph-list>`: the drawn nodes as a table, and the drawn edges of the one that is chosen: for reading, and for those who do not see the drawing. */
import { html } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import type { GraphNode, GraphView } from '../../../src/protocol/methods/graphResults.ts';
import { short } from '../../shared/charts/spec.ts';
import type { Column, RowEvent, Sort, TableSource } from '../../shared/components/virtualTable.ts';
import { activationText } from '../../shared/notation.ts';
import { t } from '../../shared/strings.ts';
import { InquiryElement } from '../parts/inquiryElement.ts';
import { signedText } from '../parts/names.ts';
import type { GraphWork } from './graphWork.ts';
import { nodeName, placeText } from './nodeText.ts';

export class GraphList extends InquiryElement {
  static override readonly properties = { ...InquiryElement.properties, work: { attribute: false }, view: { attribute: false }, tokens: { attribute: false }, sort: { state: true } };
  declare work: GraphWork;
  declare view: GraphView;
  declare tokens: readonly string[];
  declare private sort: Sort;
  private source: TableSource<GraphNode> | undefined;
  private columns: readonly Column<GraphNode>[] = [];
  private order = '';
  private pinned: readonly number[] = [];

  constructor() {
    super();
    this.sort = { by: 'influence', descending: true };
  }

  override render(): TemplateResult {
    return html`<div class="graph-list"><mechanist-table .columns=${this.columns} .source=${this.source} .sort=${this.sort} .selected=${this.work.selected?.node} .name=${t('Nodes of the graph')} .none=${t('No node is above the thresholds.')}
      @sort-change=${({ detail }: CustomEvent<Sort>) => { this.sort = detail; }} @row-open=${({ detail }: RowEvent<GraphNode>) => this.work.select(detail)} @row-pin=${({ detail }: RowEvent<GraphNode>) => void this.work.togglePin(detail.node)}></mechanist-table></div>${this.edges()}`;
  }

  private edges(): TemplateResult {
    const chosen = this.work.selected;
    if (chosen === undefined) return html`<p class="quiet">${t('Enter on a node lists its edges here.')}</p>`;
    const row = ({ node, weight }: DrawnEdge, arrow: string): TemplateResult => html`<tr><td>${arrow}</td><td><button class="chip" @click=${() => this.work.select(node)}>${nodeName(node)}</button></td><td>${node.kind === 'feature' ? node.label : ''}</td><td class="number">${signedText(weight)}</td></tr>`;
    const { inputs, outputs } = edgesOf(this.view, chosen.node);
    return html`<div class="graph-list-edges" tabindex="0" role="region" aria-label=${t('Edges of {0}', nodeName(chosen))}>
      <table class="data"><caption>${t('Edges of {0}', nodeName(chosen))}</caption>
        <thead><tr><th scope="col"><span class="only-heard">${t('direction')}</span></th><th scope="col">${t('node')}</th><th scope="col">${t('label')}</th><th scope="col">${t('weight')}</th></tr></thead>
        <tbody>${inputs.map((edge) => row(edge, t('from')))}${outputs.map((edge) => row(edge, t('to')))}</tbody></table>
    </div>`;
  }

  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    if (changed.has('view') || changed.has('sort')) {
      const sorted = sortNodes(this.view.nodes, this.sort);
      const order = sorted.map(({ node }) => node).join();
      // The same rows stay where they are: pinning one reads the graph again.
      if (order !== this.order) this.source = { key: ({ node }) => node, load: (offset, count) => Promise.resolve({ total: sorted.length, rows: sorted.slice(offset, offset + count) }) };
      this.order = order;
    } else if (this.work.pinned === this.pinned) return;
    this.pinned = this.work.pinned;
    this.columns = [
      { id: 'pinned', title: '', track: '2ch', cell: ({ node }) => (this.work.pinned.includes(node) ? html`<span class="codicon codicon-pinned" role="img" aria-label=${t('pinned')}></span>` : '') },
      { id: 'layer', title: t('layer'), track: '6ch', sortable: true, numeric: true, cell: ({ layer, kind }) => (kind === 'token' ? t('in') : kind === 'logit' ? t('out') : layer) },
      { id: 'node', title: t('node'), track: 'minmax(10ch, 1fr)', cell: nodeName },
      { id: 'label', title: t('label'), track: 'minmax(8ch, 2fr)', sortable: true, cell: ({ kind, label }) => (kind === 'feature' ? label : '') },
      { id: 'position', title: t('position'), track: 'minmax(8ch, 1fr)', sortable: true, cell: (node) => (node.kind === 'logit' ? '' : placeText(node, this.tokens)) },
      { id: 'activation', title: t('active'), track: '7ch', numeric: true, sortable: true, cell: ({ activation }) => (activation === undefined ? '' : activationText(activation)) },
      { id: 'influence', title: t('influence'), track: '8ch', numeric: true, sortable: true, cell: ({ influence }) => short(influence) },
    ];
  }
}

interface DrawnEdge {
  readonly node: GraphNode;
  readonly weight: number;
}

/** The drawn edges that lead to a node and from it, the strongest first. */
export function edgesOf({ nodes, sources, targets, weights }: GraphView, node: number): { readonly inputs: readonly DrawnEdge[]; readonly outputs: readonly DrawnEdge[] } {
  const place = nodes.findIndex((one) => one.node === node);
  const edges = (near: Uint32Array, far: Uint32Array): DrawnEdge[] => Array.from(near.keys()).filter((edge) => near[edge] === place)
    .map((edge) => ({ node: nodes[far[edge]!]!, weight: weights[edge]! })).toSorted((a, b) => Math.abs(b.weight) - Math.abs(a.weight));
  return { inputs: edges(targets, sources), outputs: edges(sources, targets) };
}

/** Nodes by a column; ties by index, so that an order is the same each time. */
export function sortNodes(nodes: readonly GraphNode[], { by, descending }: Sort): GraphNode[] {
  const sign = descending ? -1 : 1;
  const compare = (a: GraphNode, b: GraphNode): number => {
    if (by === 'label') return a.label < b.label ? -1 : a.label > b.label ? 1 : 0;
    const value = (node: GraphNode): number => (by === 'layer' ? node.layer : by === 'position' ? node.position : by === 'activation' ? (node.activation ?? Number.NEGATIVE_INFINITY) : node.influence);
    return value(a) === value(b) ? 0 : value(a) - value(b);
  };
  return nodes.toSorted((a, b) => sign * compare(a, b) || a.node - b.node);
}
