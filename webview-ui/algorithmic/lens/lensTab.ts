/** `<mechanist-lens>`: at which layer and position does the prediction form, and which parts write it. */
import { html, nothing } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import type { LensGrid } from '../../../src/protocol/methods/algorithmicResults.ts';
import { bar } from '../../shared/components/bars.ts';
import { caution, emptyState } from '../../shared/components/states.ts';
import { probabilityText } from '../../shared/notation.ts';
import { t } from '../../shared/strings.ts';
import type { CellEvent } from '../parts/heatGrid.ts';
import { InquiryElement } from '../parts/inquiryElement.ts';
import { memo } from '../parts/memo.ts';
import { hookLabel, positionLabels } from '../parts/names.ts';
import { choice, drawWork, purpose } from '../parts/work.ts';
import { attributionView } from './attributionView.ts';
import type { LensWork } from './lensWork.ts';
import { pinLens } from './pin.ts';
import { tunedLensView } from './tunedLensView.ts';
import { hookOfRow, layerChart, lensChart, lensRows, measureName, topTokens } from './viewModel.ts';

export class LensTab extends InquiryElement {
  static override readonly properties = { ...InquiryElement.properties, work: { attribute: false }, asChart: { state: true } };
  declare work: LensWork;
  declare private asChart: boolean;
  private readonly rows = memo(lensRows);
  private readonly chart = memo(lensChart);
  private readonly lines = memo(layerChart);
  private readonly columns = memo((grid: LensGrid) => positionLabels(grid.tokens));

  constructor() {
    super();
    this.asChart = false;
  }

  override render(): TemplateResult {
    return html`${purpose(t('At which layer does the prediction form?'), t('Intermediate states are read as if they were the last one. Early layers may use another basis and then look emptier than they are: compare with a tuned lens, confirm by patching.'), t('the other prompt, and the other positions when a cell is pinned.'))}
      ${this.work.ready ? html`${this.tools()}${drawWork(this.work.grid, { loading: t('Reading every layer…'), lines: 8, draw: (grid) => this.grid(grid) })}
        <div class="two">${attributionView(this.inquiry, this.work, 24)}${tunedLensView(this.inquiry, this.work)}</div>`
        : emptyState(t('Type a prompt above. The lens then shows, for every layer and position, which token the model would predict if it stopped there.'))}`;
  }

  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    this.work.ensure('grid');
    this.work.ensure('attribution');
  }

  private tools(): TemplateResult {
    const { hooks, measure, lens } = this.inquiry.place.lens;
    return html`<div class="row tools-row">
      ${choice(t('colour'), measure, (['probability', 'rank', 'entropy', 'kl'] as const).map((value) => ({ value, label: measureName(value) })), (next) => this.inquiry.choose('lens', { measure: next }))}
      ${choice(t('at'), hooks, [{ value: 'layers', label: t('ends of layers') }, { value: 'all', label: t('every hook point') }], (next) => { this.inquiry.choose('lens', { hooks: next }); void this.work.runGrid(); })}
      ${this.work.tuned.value === undefined ? nothing : choice(t('lens'), lens, [{ value: 'logit', label: t('logit lens') }, { value: 'tuned', label: t('tuned lens') }], (next) => this.inquiry.choose('lens', { lens: next }))}
      <button class="icon-button codicon codicon-graph" aria-pressed=${this.asChart} aria-label=${t('Show as chart, with files')} title=${t('Show as chart, with files')} @click=${() => { this.asChart = !this.asChart; }}></button>
    </div>`;
  }

  private grid(logit: LensGrid): TemplateResult {
    const { measure, lens } = this.inquiry.place.lens;
    const tuned = this.work.tuned.value;
    const grid = lens === 'tuned' && tuned !== undefined ? tuned : logit;
    const cell = this.work.cell ?? { hook: grid.hooks.length - 1, position: grid.tokens.length - 1 };
    const hook = Math.min(cell.hook, grid.hooks.length - 1);
    return html`<div class="lens-layout">
      ${this.asChart ? html`<mechanist-chart .spec=${this.chart(grid, measure)}></mechanist-chart>` : html`<mechanist-heat-grid
        .rows=${this.rows(grid, measure)} .columns=${this.columns(grid)} .name=${t('Lens: {0}', measureName(measure))} .corner=${t('layer')}
        .selected=${{ row: grid.hooks.length - 1 - hook, column: cell.position }}
        @cell-select=${(event: CellEvent) => this.select(grid, event)}
        @cell-pin=${({ detail: { row, column } }: CellEvent) => pinLens(this.inquiry, logit, lens === 'tuned' ? tuned : undefined, grid.hooks[hookOfRow(grid, row)]!, column)}></mechanist-heat-grid>`}
      <div class="two">${this.cell(grid, hook, cell.position)}<mechanist-chart .spec=${this.lines(logit, tuned, cell.position, measure)}></mechanist-chart></div>
    </div>`;
  }

  private cell(grid: LensGrid, hook: number, position: number): TemplateResult {
    const index = hook * grid.tokens.length + position;
    return html`<section aria-live="polite"><h2>${t('{0} at position {1}', hookLabel(grid.hooks[hook]!), position)}</h2>
      <table class="bar-rows" aria-label=${t('Top tokens')}><thead><tr><th scope="col">${t('token')}</th><th scope="col" colspan="2">${t('probability')}</th></tr></thead>
      <tbody>${topTokens(grid, hook, position).map(({ token, probability }) => html`<tr><th scope="row" class="word">${token}</th><td class="bar">${bar(probability)}</td><td class="number">${probabilityText(probability)}</td></tr>`)}</tbody></table>
      <p class="quiet">${t('target rank {0}, probability {1} · entropy {2} nats · KL to the output {3} nats', grid.targetRank[index]!, probabilityText(grid.targetProbability[index]!), grid.entropy[index]!.toFixed(2), grid.klToOutput[index]!.toFixed(2))}</p>
      ${grid.entropy.some(Number.isNaN) ? caution(t('Some values are not numbers: an activation overflowed.')) : nothing}
    </section>`;
  }

  private select(grid: LensGrid, { detail: { row, column } }: CellEvent): void {
    this.work.cell = { hook: hookOfRow(grid, row), position: column };
    this.requestUpdate();
  }
}
