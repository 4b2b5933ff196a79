/**
 * `<mechanist-chart>`: a chart with its table, a line that says what is under the pointer or the keyboard, and copies as
 * image, SVG and CSV. One tab stop; arrows move from point to point, Enter picks.
 */
import { html, nothing, svg } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import { tableCsv } from '../../../src/figures/csv.ts';
import { PageElement } from '../element.ts';
import { t } from '../strings.ts';
import { onThemeChange, readPalette } from '../theme.ts';
import { figureOf, legendOf, pickedPoint } from './figure.ts';
import { loadPlotly, plotlyConfig } from './plotlyScript.ts';
import type { Plotly } from './plotlyScript.ts';
import { chartTable, movedPoint, pointText, short } from './spec.ts';
import type { ChartPoint, ChartSpec } from './spec.ts';

/** `chart-pick`: a click on a point, or Enter. */
export type ChartPickEvent = CustomEvent<ChartPoint>;
/** `figure-save`: asks the page to copy or save what the chart is. Bytes for PNG, text otherwise. */
export type FigureEvent = CustomEvent<{ readonly name: string; readonly content: string | ArrayBuffer; readonly copy: boolean }>;

/** Rows of a chart's table that are drawn at once; the CSV has all. */
const tableLimit = 500;

export class ChartElement extends PageElement {
  static override readonly properties = { spec: { attribute: false }, asTable: { state: true }, cursor: { state: true }, said: { state: true }, problem: { state: true } };
  declare spec: ChartSpec | undefined;
  declare private asTable: boolean;
  declare private cursor: ChartPoint | undefined;
  declare private said: string;
  declare private problem: string | undefined;
  private plotly: Plotly | undefined;
  private drawing: Promise<void> = Promise.resolve();
  private listening = false;
  private endTheme: (() => void) | undefined;
  private resize: ResizeObserver | undefined;

  constructor() {
    super();
    this.spec = undefined;
    this.asTable = false;
    this.cursor = undefined;
    this.said = '';
    this.problem = undefined;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.endTheme = onThemeChange(() => void this.draw());
    if (typeof ResizeObserver !== 'undefined') {
      this.resize = new ResizeObserver(() => {
        const plot = this.plot();
        if (this.plotly !== undefined && plot !== null && plot.childElementCount > 0) void this.plotly.Plots.resize(plot);
      });
      this.resize.observe(this);
    }
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.endTheme?.();
    this.resize?.disconnect();
    const plot = this.plot();
    if (plot !== null) this.plotly?.purge(plot);
    this.listening = false;
  }

  override render(): TemplateResult | typeof nothing {
    const { spec } = this;
    if (spec === undefined) return nothing;
    return html`<figure class="chart kind-${spec.kind}">
      <figcaption><span class="title">${spec.title}</span>${this.tools()}</figcaption>
      ${legendList(spec)}
      ${this.asTable ? this.table(spec) : this.problem === undefined ? html`<div
          class="plot-frame" tabindex="0" role="application" aria-roledescription=${t('chart')} aria-label=${t('{0}. Arrows move from point to point.', spec.title)}
          @keydown=${this.onKey} @blur=${this.leave}><div class="plot" aria-hidden="true"></div></div>
        <p class="said" aria-live="polite">${this.said}</p>` : html`<p class="quiet">${this.problem}</p>${this.table(spec)}`}
    </figure>`;
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (!changed.has('spec')) return;
    this.cursor = undefined;
    // What could not be drawn says nothing of another chart, or of the same later.
    this.problem = undefined;
  }

  protected override updated(changed: PropertyValues): void {
    if (changed.has('spec') || changed.has('asTable') || changed.has('cursor')) {
      if (this.asTable) this.listening = false;
      else void this.draw();
    }
  }

  private tools(): TemplateResult {
    const button = (icon: string, label: string, run: () => void, pressed?: boolean): TemplateResult => html`<button
      class="icon-button codicon codicon-${icon}" aria-label=${label} title=${label} aria-pressed=${pressed ?? nothing} @click=${run}></button>`;
    return html`<span class="tools" role="group" aria-label=${t('Chart')}>
      ${button('table', t('Show as table'), () => { this.asTable = !this.asTable; }, this.asTable)}
      ${button('copy', t('Copy numbers (CSV)'), () => this.tell('csv', true))}
      ${button('file-media', t('Save image (PNG)'), () => void this.image('png'))}
      ${button('file-code', t('Save drawing (SVG)'), () => void this.image('svg'))}
      ${button('save', t('Save numbers (CSV)'), () => this.tell('csv', false))}
    </span>`;
  }

  private table(spec: ChartSpec): TemplateResult {
    const { columns, rows } = chartTable(spec);
    const left = rows.length - tableLimit;
    return html`<div class="table-frame" tabindex="0" role="region" aria-label=${spec.title}><table class="data">
      <thead><tr>${columns.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
      <tbody>${rows.slice(0, tableLimit).map((row) => html`<tr>${row.map((value) => (typeof value === 'number' ? html`<td class="number">${short(value)}</td>` : html`<td>${value}</td>`))}</tr>`)}</tbody>
    </table>${left > 0 ? html`<p class="quiet">${t('{0} more rows are in the CSV.', left)}</p>` : nothing}</div>`;
  }

  /** One drawing after the other: the library must not be called while it works. */
  private draw(): Promise<void> {
    this.drawing = this.drawing.then(() => this.drawNow()).catch((error: unknown) => {
      this.listening = false;
      this.problem = t('The chart cannot be drawn here: {0}', error instanceof Error ? error.message : String(error));
    });
    return this.drawing;
  }

  private async drawNow(): Promise<void> {
    this.plotly ??= await loadPlotly();
    const plot = this.plot();
    if (plot === null || this.spec === undefined || !this.isConnected) return;
    const { data, layout } = figureOf(this.spec, readPalette(), this.cursor);
    const drawn = await this.plotly.react(plot, data, layout, plotlyConfig);
    if (this.listening) return;
    this.listening = true;
    drawn.on('plotly_click', ({ points }) => this.pick(points[0]));
    drawn.on('plotly_hover', ({ points }) => this.say(points[0]));
    drawn.on('plotly_unhover', () => { this.said = this.cursor === undefined || this.spec === undefined ? '' : pointText(this.spec, this.cursor); });
  }

  private say(event: Parameters<typeof pickedPoint>[1] | undefined): void {
    if (event !== undefined && this.spec !== undefined) this.said = pointText(this.spec, pickedPoint(this.spec, event));
  }

  private pick(event: Parameters<typeof pickedPoint>[1] | undefined): void {
    if (event !== undefined && this.spec !== undefined) this.dispatchEvent(new CustomEvent('chart-pick', { detail: pickedPoint(this.spec, event), bubbles: true }));
  }

  private onKey(event: KeyboardEvent): void {
    if (this.spec === undefined) return;
    if (event.key === 'Enter' && this.cursor !== undefined) {
      this.dispatchEvent(new CustomEvent('chart-pick', { detail: this.cursor, bubbles: true }));
      return;
    }
    const next = movedPoint(this.spec, this.cursor, event.key);
    if (next === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    this.cursor = next;
    this.said = pointText(this.spec, next);
  }

  private leave(): void {
    this.cursor = undefined;
    this.said = '';
  }

  private async image(format: 'png' | 'svg'): Promise<void> {
    await this.draw();
    const plot = this.plot();
    if (plot === null || this.plotly === undefined) return;
    const { width, height } = plot.getBoundingClientRect();
    const url = await this.plotly.toImage(plot, { format, width: Math.max(300, Math.round(width)), height: Math.max(200, Math.round(height)), scale: 2 });
    const body = url.slice(url.indexOf(',') + 1);
    this.save(format, format === 'svg' ? decodeURIComponent(body) : Uint8Array.from(atob(body), (character) => character.charCodeAt(0)).buffer, false);
  }

  private tell(format: 'csv', copy: boolean): void {
    if (this.spec !== undefined) this.save(format, tableCsv(chartTable(this.spec)), copy);
  }

  private save(format: string, content: string | ArrayBuffer, copy: boolean): void {
    const name = `${(this.spec?.title ?? 'chart').replace(/[^\w. ()-]+/g, ' ').trim().slice(0, 80) || 'chart'}.${format}`;
    this.dispatchEvent(new CustomEvent('figure-save', { detail: { name, content, copy }, bubbles: true }));
  }

  private plot(): HTMLElement | null {
    return this.querySelector<HTMLElement>('.plot');
  }
}

function legendList(spec: ChartSpec): TemplateResult | typeof nothing {
  const entries = legendOf(spec, readPalette());
  return entries.length === 0 ? nothing : html`<ul class="legend" aria-label=${t('Legend')}>${entries.map(({ name, color, glyph, control }) => html`<li class=${control ? 'control' : ''}><svg viewBox="0 0 14 14" aria-hidden="true">${svg`<text x="7" y="11" text-anchor="middle" font-size="12" fill=${color}>${glyph}</text>`}</svg>${name}</li>`)}</ul>`;
}
