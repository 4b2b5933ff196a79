/** `<mechanist-attention>`: which heads move information, what they look at, which kind they are, what they read. */
import { html, nothing } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import type { AttentionPatterns } from '../../../src/protocol/methods/algorithmicResults.ts';
import type { TokenEvent } from '../../shared/components/tokenStrip.ts';
import { caution, emptyState } from '../../shared/components/states.ts';
import { t } from '../../shared/strings.ts';
import { componentSubject } from '../../shared/subject.ts';
import type { CellEvent } from '../parts/heatGrid.ts';
import { InquiryElement } from '../parts/inquiryElement.ts';
import { memo } from '../parts/memo.ts';
import { positionLabels } from '../parts/names.ts';
import { choice, drawWork, purpose } from '../parts/work.ts';
import type { AttentionWork } from './attentionWork.ts';
import { compositionView } from './compositionView.ts';
import type { HeadEvent } from './headGrid.ts';
import { featurePairsView, headScoresView } from './headViews.ts';
import { lookedAt, patternChart, patternOf, patternRows } from './viewModel.ts';

/** Tokens beyond which the large view is a chart. */
const cellsToRead = 64;

export class AttentionTab extends InquiryElement {
  static override readonly properties = { ...InquiryElement.properties, work: { attribute: false }, asChart: { state: true } };
  declare work: AttentionWork;
  declare private asChart: boolean;
  private readonly pattern = memo(patternOf);
  private readonly rows = memo(patternRows);
  private readonly chart = memo(patternChart);
  private readonly columns = memo((patterns: AttentionPatterns) => positionLabels(patterns.tokens));

  constructor() {
    super();
    this.asChart = false;
  }

  override render(): TemplateResult {
    const { inquiry, work } = this;
    return html`${purpose(t('Which heads move information, and what do they look at?'), t('Attention is not use: what is looked at may be ignored. Confirm a head by patching or ablating it.'), t('random tokens for kinds of heads, random matrices for composition.'))}
      ${inquiry.question.text === '' ? emptyState(t('Type a prompt above to see where every head looks.')) : html`
        <div class="row tools-row">${choice(t('weights'), inquiry.place.attention.weighting, [{ value: 'pattern', label: t('attention') }, { value: 'value-weighted', label: t('attention × size of the value') }], (next) => work.chooseWeighting(next))}
          ${work.byLayer ? choice(t('layer'), String(inquiry.place.attention.layer), Array.from({ length: work.layers }, (_, layer) => ({ value: String(layer), label: String(layer) })), (next) => work.chooseHead(Number(next), inquiry.place.attention.head)) : nothing}
          <button class="icon-button codicon codicon-graph" aria-pressed=${this.asChart} aria-label=${t('Show as chart, with files')} title=${t('Show as chart, with files')} @click=${() => { this.asChart = !this.asChart; }}></button></div>
        ${drawWork(work.patterns, { loading: t('Reading attention…'), lines: 8, draw: (patterns) => this.patterns(patterns) })}`}
      <div class="two">${headScoresView(inquiry, work)}${compositionView(inquiry, work)}</div>`;
  }

  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    this.work.ensure();
  }

  private patterns(patterns: AttentionPatterns): TemplateResult {
    const { inquiry, work } = this;
    const { layer, head } = inquiry.place.attention;
    const pattern = this.pattern(patterns, layer, head);
    return html`<div class="attention-layout">
      <mechanist-head-grid .patterns=${patterns} .layer=${layer} .head=${head} @head-choose=${({ detail }: HeadEvent) => work.chooseHead(detail.layer, detail.head)}></mechanist-head-grid>
      <section aria-label=${t('One head')}>
        <h2><mechanist-chip menu .subject=${componentSubject(inquiry.session.model!.id, `blocks.${layer}.attn.hook_z`, { head })}></mechanist-chip></h2>
        ${pattern === undefined ? caution(t('Layer {0} head {1} is not among the heads that were read.', layer, head)) : this.large(patterns, pattern)}
      </section></div>`;
  }

  private large(patterns: AttentionPatterns, pattern: Float32Array): TemplateResult {
    const { inquiry, work } = this;
    const { layer, head } = inquiry.place.attention;
    const query = Math.min(inquiry.place.attention.query ?? patterns.tokens.length - 1, patterns.tokens.length - 1);
    const name = t('Attention of L{0}H{1}', layer, head);
    const key = pattern.subarray(query * patterns.tokens.length, (query + 1) * patterns.tokens.length).reduce((best, weight, at, all) => (weight > all[best]! ? at : best), 0);
    return html`<p class="quiet">${t('The chosen token looks at:')}</p>
      <mechanist-token-strip .tokens=${lookedAt(patterns, pattern, query)} .label=${t('Tokens, coloured by attention')} @token-select=${({ detail }: TokenEvent) => inquiry.choose('attention', { query: detail })}></mechanist-token-strip>
      ${this.asChart || patterns.tokens.length > cellsToRead ? html`<mechanist-chart .spec=${this.chart(patterns, pattern, name)}></mechanist-chart>` : html`<mechanist-heat-grid
        .rows=${this.rows(patterns, pattern)} .columns=${this.columns(patterns)} .name=${name} .corner=${t('query ↓ key →')} .selected=${{ row: query, column: key }}
        @cell-select=${({ detail }: CellEvent) => inquiry.choose('attention', { query: detail.row })}></mechanist-heat-grid>`}
      ${featurePairsView(inquiry, work, query, key, patterns.tokens)}`;
  }
}
