/** `<mechanist-patching>`: where the difference between the two prompts travels, or what is lost without a part. */
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import type { PatchSite, Replacement } from '../../../src/protocol/methods/algorithmic.ts';
import type { SweepCell } from '../../../src/protocol/methods/algorithmicResults.ts';
import type { ChartPickEvent } from '../../shared/charts/chart.ts';
import { barRows } from '../../shared/components/bars.ts';
import { caution, emptyState } from '../../shared/components/states.ts';
import { probabilityText, visibleToken } from '../../shared/notation.ts';
import { t } from '../../shared/strings.ts';
import { InquiryElement } from '../parts/inquiryElement.ts';
import { memo } from '../parts/memo.ts';
import { signedText } from '../parts/names.ts';
import { choice, drawWork, pinButton, purpose, runButton } from '../parts/work.ts';
import { metricName } from '../question/question.ts';
import type { PatchingWork, Place, Sweep } from './patchingWork.ts';
import { pinCell } from './pin.ts';
import { amongOthers, isCell, placeName, placeOf, sweepChart } from './viewModel.ts';

const siteNames: Readonly<Record<PatchSite, () => string>> = {
  resid_pre: () => t('residual stream, before the layer'), resid_mid: () => t('residual stream, inside the layer'), resid_post: () => t('residual stream, after the layer'), attn_out: () => t('attention output'), mlp_out: () => t('MLP output'),
  z: () => t('heads (z)'), q: () => t('queries'), k: () => t('keys'), v: () => t('values'), pattern: () => t('attention patterns'), neurons: () => t('neurons'), features: () => t('features'),
};

export class PatchingTab extends InquiryElement {
  static override readonly properties = { ...InquiryElement.properties, work: { attribute: false } };
  declare work: PatchingWork;
  private readonly chart = memo(sweepChart);

  override render(): TemplateResult {
    const ablation = this.inquiry.place.patching.replacement !== 'patch';
    return html`${purpose(ablation ? t('What does the answer lose without a part?') : t('Where does the difference between the two prompts travel?'), ablation ? t('Zero is off the distribution; other parts compensate. Compare zero, mean and resampled values.') : t('Only what differs between the prompts can be found; backup parts hide. Look at both directions.'), t('all other places of its kind, and values of other prompts.'))}
      ${this.missing() ?? html`${this.tools()}${drawWork(this.work.sweep, { loading: t('Patching…'), lines: 8, draw: (sweep) => this.drawn(sweep), idle: html`<p class="quiet">${t('Every cell will be one run of the model in which that place alone is taken from the other prompt.')}</p>` })}`}`;
  }

  private missing(): TemplateResult | undefined {
    const { inquiry } = this;
    switch (this.work.missing) {
      case undefined: return undefined;
      case 'prompt': return emptyState(t('Patching needs two prompts of the same length with different answers. Type one above, or open a file of prompt pairs.'));
      case 'alignment': return caution(t('The two prompts have different numbers of tokens. Change one above until they are aligned.'));
      case 'corrupted': {
        const offer = inquiry.suggestions.value?.corrupted[0];
        return emptyState(t('Patching compares with a second prompt on which the answer is another.'), offer === undefined ? undefined : { label: t('Use {0} → {1}', visibleToken(offer.from), visibleToken(offer.to)), run: () => void inquiry.setCorrupted(offer.text) });
      }
    }
  }

  private tools(): TemplateResult {
    const { inquiry } = this;
    const { site, direction, replacement } = inquiry.place.patching;
    const sites = (Object.keys(siteNames) as PatchSite[]).map((value) => ({ value, label: siteNames[value](), disabled: value === 'features' && inquiry.session.dictionary === undefined }));
    const replacements: readonly { value: Replacement; label: string }[] = [
      { value: 'patch', label: t('the other prompt’s value') }, { value: 'zero', label: t('zero') }, { value: 'mean', label: t('the mean') }, { value: 'resample', label: t('a resampled value') },
    ];
    return html`<div class="row tools-row">
      ${choice(t('place'), site, sites, (next) => inquiry.choose('patching', { site: next }))}
      ${choice(t('replaced by'), replacement, replacements, (next) => inquiry.choose('patching', { replacement: next }))}
      ${replacement === 'patch' ? choice(t('direction'), direction, [{ value: 'denoising', label: t('denoise: clean into corrupted') }, { value: 'noising', label: t('noise: corrupted into clean') }], (next) => inquiry.choose('patching', { direction: next })) : nothing}
      ${runButton(t('Run'), () => void this.work.run())}
    </div>`;
  }

  private drawn({ scores, params }: Sweep): TemplateResult {
    const { work, inquiry } = this;
    const flat = Math.abs(scores.cleanMetric - scores.corruptedMetric) < 1e-6 && params.replacement === 'patch';
    return html`<p class="quiet">${t('{0}: clean {1}, corrupted {2}', metricName(inquiry.question.metric), signedText(scores.cleanMetric), signedText(scores.corruptedMetric))}${scores.prompts > 1 ? html` · ${t('mean over {0} pairs, 95 % intervals', scores.prompts)}` : nothing}</p>
      ${flat ? caution(t('Both prompts are answered alike, so there is nothing to trace. Choose another pair.')) : nothing}
      ${scores.scores.some(Number.isNaN) ? caution(t('Some values are not numbers: an activation overflowed. Those cells are blank.')) : nothing}
      <div class="two"><mechanist-chart class="tall" .spec=${this.chart(scores, params, work.control.value, work.selected)} @chart-pick=${({ detail }: ChartPickEvent) => { if (isCell(detail)) void work.select(placeOf(scores, detail)); }}
        @keydown=${(event: KeyboardEvent) => this.pinOnSpace(event, { scores, params })}></mechanist-chart>
      <div>${work.selected === undefined ? html`<p class="quiet">${t('Choose a cell (arrows and Enter, or a click) to see what the model predicts then.')}</p>` : this.selected({ scores, params }, work.selected)}
      ${drawWork(work.control, {
        loading: t('Measuring the control…'), lines: 1, draw: () => html`<p class="quiet">${t('The control, values of other prompts in the same places, is in the chart’s line and table.')}</p>`,
        idle: html`<vscode-button secondary @click=${() => void work.runControl()}>${t('Measure a control')}</vscode-button>`,
      })}</div></div>`;
  }

  private pinOnSpace(event: KeyboardEvent, sweep: Sweep): void {
    const { selected } = this.work;
    if (event.key !== ' ' || selected === undefined || event.target instanceof HTMLButtonElement) return;
    event.preventDefault();
    pinCell(this.inquiry, sweep, selected, this.work.control.value);
  }

  private selected(sweep: Sweep, place: Place): TemplateResult {
    const { work, inquiry } = this;
    const { value, median, high, rank, of, interval } = amongOthers(sweep.scores, sweep.params, place);
    return html`<section aria-live="polite"><h2>${placeName(sweep.scores, place)}${pinButton(t('Pin this place'), () => pinCell(inquiry, sweep, place, work.control.value))}</h2>
      <p>${signedText(value)}${interval === undefined ? nothing : ` (${signedText(interval[0])} … ${signedText(interval[1])})`} · ${t('rank {0} of {1}', rank, of)} <span class="control">${t('other places: median {0}, 99 % {1}', median.toFixed(2), high.toFixed(2))}</span></p>
      ${sweep.params.prompts.kind === 'pairs' ? html`<p class="quiet">${t('Over several pairs there is no single prediction behind a cell.')}</p>` : drawWork(work.cell, { loading: t('Running with this patch…'), lines: 3, draw: predictions })}
    </section>`;
  }
}

/** Predictions with the patch, beside those on both prompts. */
function predictions({ clean, corrupted, patched }: SweepCell): TemplateResult {
  const of = (list: SweepCell['clean'], id: number): string => {
    const found = list.find((one) => one.id === id);
    return found === undefined ? '–' : probabilityText(found.probability);
  };
  return barRows(patched.slice(0, 8).map(({ token, id, probability }) => ({
    label: html`<span class="word">${visibleToken(token)}</span>`, value: probability, text: probabilityText(probability), controlText: `${of(clean, id)} / ${of(corrupted, id)}`,
  })), { name: t('Predictions with the patch'), columns: { label: t('token'), value: t('patched'), control: t('clean / corrupted') } });
}
