/** `<mechanist-head-grid>`: the patterns of all heads, small, layers downwards. One tab stop: arrows move and choose. */
import { html } from 'lit';
import type { TemplateResult } from 'lit';
import type { AttentionPatterns } from '../../../src/protocol/methods/algorithmicResults.ts';
import { PageElement } from '../../shared/element.ts';
import { movedCell } from '../../shared/roving.ts';
import { t } from '../../shared/strings.ts';
import { channels, onThemeChange, readPalette } from '../../shared/theme.ts';
import { drawnCells, patternOf } from './viewModel.ts';

export type HeadEvent = CustomEvent<{ readonly layer: number; readonly head: number }>;

export class HeadGrid extends PageElement {
  static override readonly properties = { patterns: { attribute: false }, layer: { attribute: false }, head: { attribute: false } };
  declare patterns: AttentionPatterns | undefined;
  declare layer: number;
  declare head: number;
  private endTheme: (() => void) | undefined;

  constructor() {
    super();
    this.patterns = undefined;
    this.layer = 0;
    this.head = 0;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.endTheme = onThemeChange(() => this.paint());
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.endTheme?.();
  }

  override render(): TemplateResult {
    const { layers, heads } = this.patterns ?? { layers: [], heads: [] };
    return html`<div class="head-grid" role="grid" aria-label=${t('Attention of all heads')} @keydown=${this.onKey}>${layers.map((layer) => html`<div role="row" class="head-row"><span role="rowheader" class="quiet">L${layer}</span>${heads.map((head) => {
      const chosen = layer === this.layer && head === this.head;
      return html`<div role="gridcell"><button class="head" tabindex=${chosen ? 0 : -1} aria-pressed=${chosen} aria-label=${t('Layer {0}, head H{1}', layer, head)} title=${`L${layer}H${head}`}
        @click=${() => this.choose(layer, head)}><canvas width="56" height="56" aria-hidden="true" data-layer=${layer} data-head=${head}></canvas><span class="quiet">H${head}</span></button></div>`;
    })}</div>`)}</div>`;
  }

  protected override updated(changed: Map<PropertyKey, unknown>): void {
    if (changed.has('patterns')) this.paint();
    if ((changed.has('layer') || changed.has('head')) && this.contains(document.activeElement)) this.querySelector<HTMLElement>('[aria-pressed=true]')?.focus();
  }

  private paint(): void {
    const { patterns } = this;
    if (patterns === undefined) return;
    const { activation, background } = readPalette();
    const [red, green, blue] = channels(activation);
    const count = patterns.tokens.length;
    for (const canvas of this.querySelectorAll('canvas')) {
      const context = canvas.getContext('2d');
      const pattern = patternOf(patterns, Number(canvas.dataset.layer), Number(canvas.dataset.head));
      if (context === null || pattern === undefined) continue;
      const cell = canvas.width / count;
      context.fillStyle = background;
      context.fillRect(0, 0, canvas.width, canvas.height);
      for (const { query, key, weight } of drawnCells(pattern, count)) {
        context.fillStyle = `rgba(${red}, ${green}, ${blue}, ${Math.min(1, 0.1 + weight * 0.9)})`;
        context.fillRect(key * cell, query * cell, Math.max(1, cell), Math.max(1, cell));
      }
    }
  }

  private choose(layer: number, head: number): void {
    this.dispatchEvent(new CustomEvent('head-choose', { detail: { layer, head }, bubbles: true }));
  }

  private onKey(event: KeyboardEvent): void {
    const { layers = [], heads = [] } = this.patterns ?? {};
    const next = movedCell(event.key, { row: layers.indexOf(this.layer), column: heads.indexOf(this.head) }, layers.length, heads.length);
    if (next === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    this.choose(layers[next.row]!, heads[next.column]!);
  }
}
