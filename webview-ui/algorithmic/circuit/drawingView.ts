/** `<mechanist-layers>`: the drawing as SVG in theme colours. The list beside it has the same content, so it is hidden from screen readers. */
import { html, nothing, svg } from 'lit';
import type { TemplateResult } from 'lit';
import { short } from '../../shared/charts/spec.ts';
import { PageElement } from '../../shared/element.ts';
import { t } from '../../shared/strings.ts';
import { readPalette } from '../../shared/theme.ts';
import { nodeHeight, nodeWidth } from './drawing.ts';
import type { Drawing, PlacedNode } from './drawing.ts';
import { drawingSvg } from './drawingFile.ts';

/** `node-choose`: id of a node that was clicked. */
export type NodeEvent = CustomEvent<string>;

export class LayersElement extends PageElement {
  static override readonly properties = { drawing: { attribute: false }, name: { attribute: false }, selected: { attribute: false } };
  declare drawing: Drawing | undefined;
  declare name: string;
  declare selected: string | undefined;

  constructor() {
    super();
    this.drawing = undefined;
    this.name = '';
    this.selected = undefined;
  }

  override render(): TemplateResult | typeof nothing {
    const { drawing } = this;
    if (drawing === undefined) return nothing;
    return html`<figure class="chart layers"><figcaption><span class="title">${this.name}</span><span class="tools" role="group" aria-label=${t('Drawing')}>
      <button class="icon-button codicon codicon-file-code" aria-label=${t('Save drawing (SVG)')} title=${t('Save drawing (SVG)')} @click=${this.save}></button></span></figcaption>
      <div class="layers-frame" tabindex="0" role="region" aria-label=${this.name}><svg viewBox="0 0 ${drawing.width} ${drawing.height}" width=${drawing.width} height=${drawing.height} aria-hidden="true">
        ${drawing.edges.map(({ path, width, weight, from, to }) => svg`<path class="edge ${weight < 0 ? 'negative' : 'positive'} ${this.dimmed(from, to)}" d=${path} stroke-width=${width}><title>${from} → ${to}: ${short(weight)}</title></path>`)}
        ${drawing.nodes.map((node) => this.node(node))}
      </svg></div></figure>`;
  }

  private node(node: PlacedNode): TemplateResult {
    const round = node.kind === 'head' || node.kind === 'feature' ? nodeHeight / 2 : node.kind === 'group' ? 4 : 0;
    return svg`<g class="node kind-${node.kind} ${node.id === this.selected ? 'selected' : ''}" @click=${() => this.dispatchEvent(new CustomEvent('node-choose', { detail: node.id, bubbles: true }))}>
      <rect x=${node.x - nodeWidth / 2} y=${node.y - nodeHeight / 2} width=${nodeWidth} height=${nodeHeight} rx=${round}></rect>
      <text x=${node.x} y=${node.y} text-anchor="middle" dominant-baseline="central">${node.label.length > 9 ? `${node.label.slice(0, 8)}…` : node.label}</text><title>${node.label}</title></g>`;
  }

  private dimmed(from: string, to: string): string {
    return this.selected === undefined || from === this.selected || to === this.selected ? '' : 'dimmed';
  }

  private save(): void {
    if (this.drawing === undefined) return;
    this.dispatchEvent(new CustomEvent('figure-save', { detail: { name: `${this.name.replace(/[^\w. ()-]+/g, ' ').trim() || 'drawing'}.svg`, content: drawingSvg(this.drawing, readPalette()), copy: false }, bubbles: true }));
  }
}
