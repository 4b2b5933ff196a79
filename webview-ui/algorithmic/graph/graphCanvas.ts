/**
 * `<mechanist-graph>`: the drawn part of an attribution graph. One tab stop: arrows move from node to node, Enter opens, Space
 * pins. Painted at most once a frame. The list view has the same content for those who cannot see it.
 */
import { html } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import type { GraphNode, GraphView } from '../../../src/protocol/methods/graphResults.ts';
import { PageElement } from '../../shared/element.ts';
import { t } from '../../shared/strings.ts';
import { onThemeChange, readPalette } from '../../shared/theme.ts';
import { layoutGraph, nodeAt, nodeBeside } from './layout.ts';
import type { GraphLayout } from './layout.ts';
import { nodeText } from './nodeText.ts';
import { paintScene, sceneSvg } from './painter.ts';
import { sceneOf } from './scene.ts';
import type { Scene } from './scene.ts';

/** `node-open` (click, Enter) and `node-pin` (Space, double click): detail is the node. */
export type GraphNodeEvent = CustomEvent<GraphNode>;

export class GraphCanvas extends PageElement {
  static override readonly properties = {
    view: { attribute: false }, tokens: { attribute: false }, layers: { attribute: false }, pinned: { attribute: false }, selected: { attribute: false }, hovered: { state: true }, cursor: { state: true },
  };
  declare view: GraphView | undefined;
  declare tokens: readonly string[];
  declare layers: number;
  declare pinned: readonly number[];
  /** The node whose card is open, by its index in the graph. */
  declare selected: number | undefined;
  declare private hovered: number | undefined;
  declare private cursor: number | undefined;
  private layout: GraphLayout | undefined;
  private frame: number | undefined;
  private endTheme: (() => void) | undefined;
  private resize: ResizeObserver | undefined;

  constructor() {
    super();
    this.view = undefined;
    this.tokens = [];
    this.layers = 0;
    this.pinned = [];
    this.selected = undefined;
    this.hovered = undefined;
    this.cursor = undefined;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.endTheme = onThemeChange(() => this.paintSoon());
    if (typeof ResizeObserver !== 'undefined') {
      this.resize = new ResizeObserver(() => {
        this.layout = undefined;
        this.paintSoon();
      });
      this.resize.observe(this);
    }
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.endTheme?.();
    this.resize?.disconnect();
    if (this.frame !== undefined) cancelAnimationFrame(this.frame);
    this.frame = undefined;
  }

  override render(): TemplateResult {
    const at = this.hovered ?? this.cursor;
    const node = at === undefined ? undefined : this.view?.nodes[at];
    return html`<div class="graph-frame" tabindex="0" role="application" aria-roledescription=${t('graph')} aria-label=${t('Attribution graph. Arrows move from node to node, Enter opens, Space pins. “List” shows the same as a table.')} @keydown=${this.onKey} @blur=${() => { this.cursor = undefined; }}>
      <canvas aria-hidden="true" @mousemove=${this.onMove} @mouseleave=${() => { this.hovered = undefined; }} @click=${this.onClick} @dblclick=${this.onDouble}></canvas></div>
      <p class="said" aria-live="polite">${node === undefined ? html`<span class="legend quiet" aria-hidden="true">○ ${t('feature')} ◇ ${t('error')} ▢ ${t('token')} △ ${t('logit')} · ${t('filled: pinned')} · <span class="key-positive">━</span> ${t('raises')} <span class="key-negative">╍</span> ${t('lowers')}</span>` : nodeText(node, this.tokens)}</p>`;
  }

  /** The drawing as files: SVG text and PNG bytes. */
  svg(): string | undefined {
    const scene = this.scene();
    return scene === undefined ? undefined : sceneSvg(scene, readPalette());
  }

  async png(): Promise<ArrayBuffer | undefined> {
    const scene = this.scene();
    if (scene === undefined) return undefined;
    const canvas = document.createElement('canvas');
    canvas.width = scene.width * 2;
    canvas.height = scene.height * 2;
    const context = canvas.getContext('2d');
    if (context === null) return undefined;
    context.scale(2, 2);
    const palette = readPalette();
    paintScene(context, scene, palette);
    context.globalCompositeOperation = 'destination-over';
    context.fillStyle = palette.background;
    context.fillRect(0, 0, scene.width, scene.height);
    const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/png'));
    return blob?.arrayBuffer();
  }

  protected override updated(changed: PropertyValues): void {
    if (changed.has('view') || changed.has('layers')) {
      this.layout = undefined;
      this.hovered = undefined;
      if (changed.has('view') && this.cursor !== undefined) this.cursor = this.indexOf(changed.get('view') as GraphView | undefined);
    }
    this.paintSoon();
  }

  /** Where the node under the keyboard went in a new view. */
  private indexOf(before: GraphView | undefined): number | undefined {
    const node = before?.nodes[this.cursor!]?.node;
    const found = this.view?.nodes.findIndex((one) => one.node === node) ?? -1;
    return found < 0 ? undefined : found;
  }

  private paintSoon(): void {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      this.paint();
    });
  }

  private paint(): void {
    const canvas = this.querySelector('canvas');
    const context = canvas?.getContext?.('2d');
    const scene = this.scene();
    if (canvas === null || context === null || context === undefined || scene === undefined) return;
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [Math.round(scene.width * ratio), Math.round(scene.height * ratio)];
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    paintScene(context, scene, readPalette());
  }

  private scene(): Scene | undefined {
    const { view } = this;
    const frame = this.querySelector<HTMLElement>('.graph-frame');
    if (view === undefined || frame === null) return undefined;
    this.layout ??= layoutGraph(view, this.tokens.length, this.layers, frame.clientWidth || 600, frame.clientHeight || 400);
    return sceneOf(view, this.layout, { tokens: this.tokens, layers: this.layers, pinned: new Set(this.pinned), selected: this.selectedIndex(), hovered: this.hovered ?? this.cursor });
  }

  /** Place in the view of the node whose card is open. */
  private selectedIndex(): number | undefined {
    const found = this.selected === undefined ? -1 : (this.view?.nodes.findIndex(({ node }) => node === this.selected) ?? -1);
    return found < 0 ? undefined : found;
  }

  private at(event: MouseEvent): number | undefined {
    const { left, top } = (event.currentTarget as HTMLElement).getBoundingClientRect();
    return this.layout === undefined ? undefined : nodeAt(this.layout, { x: event.clientX - left, y: event.clientY - top });
  }

  private onMove(event: MouseEvent): void {
    const at = this.at(event);
    if (at !== this.hovered) this.hovered = at;
  }

  private onClick(event: MouseEvent): void {
    const at = this.at(event);
    this.dispatchEvent(new CustomEvent('node-open', { detail: at === undefined ? undefined : this.view?.nodes[at], bubbles: true }));
  }

  private onDouble(event: MouseEvent): void {
    this.tell('node-pin', this.at(event));
  }

  private onKey(event: KeyboardEvent): void {
    const { view, layout } = this;
    if (view === undefined || layout === undefined) return;
    const current = this.cursor ?? this.selectedIndex();
    if (event.key === 'Enter') this.tell('node-open', current);
    else if (event.key === ' ') this.tell('node-pin', current);
    else {
      const next = nodeBeside(layout, view.nodes, this.layers, current, event.key);
      if (next === undefined) return;
      this.cursor = next;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  private tell(name: 'node-open' | 'node-pin', at: number | undefined): void {
    const node = at === undefined ? undefined : this.view?.nodes[at];
    if (node !== undefined) this.dispatchEvent(new CustomEvent(name, { detail: node, bubbles: true }));
  }
}
