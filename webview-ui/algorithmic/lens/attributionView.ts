/** Direct attribution: which part writes the answer into the last position, beside the same part on the other prompt. */
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { barRows } from '../../shared/components/bars.ts';
import { caution } from '../../shared/components/states.ts';
import { t } from '../../shared/strings.ts';
import type { Inquiry } from '../inquiry.ts';
import { signedText } from '../parts/names.ts';
import { choice, drawWork, pinButton } from '../parts/work.ts';
import { pinAttribution } from './pin.ts';
import type { Attribution, LensWork } from './lensWork.ts';
import { contributionRows, sumHolds } from './viewModel.ts';

export function attributionView(inquiry: Inquiry, work: LensWork, most: number): TemplateResult {
  const { by } = inquiry.place.lens;
  return html`<section aria-label=${t('Direct attribution')}>
    <h2>${t('Which parts write it directly?')}${choice(t('by'), by, [
      { value: 'layer', label: t('layer') }, { value: 'head', label: t('head') }, { value: 'neuron', label: t('neuron') },
      { value: 'feature', label: t('feature'), disabled: inquiry.session.dictionary === undefined },
    ], (next) => { inquiry.choose('lens', { by: next }); void work.runAttribution(); })}</h2>
    ${drawWork(work.attribution, { loading: t('Reading what each part writes…'), draw: (value) => drawn(inquiry, value, most) })}
  </section>`;
}

function drawn(inquiry: Inquiry, value: Attribution, most: number): TemplateResult {
  const { clean, corrupted } = value;
  const listed = clean.contributions.reduce((sum, { contribution }) => sum + contribution, 0);
  const rest = clean.contributions.length - most;
  return html`${barRows(contributionRows(value, most), {
    name: t('Direct contributions'), signed: true, columns: { label: t('part'), value: t('contribution'), ...(corrupted === undefined ? {} : { control: t('on the other prompt') }) },
  })}
  ${rest > 0 ? html`<p class="quiet">${t('and {0} more parts', rest + clean.unlisted.count)}</p>` : nothing}
  <p class="sum ${sumHolds(value) ? '' : 'broken'}"><span class="codicon codicon-${sumHolds(value) ? 'check' : 'error'}" aria-hidden="true"></span>
    ${t('listed {0} + others {1} + constant {2} = metric {3}', signedText(listed), signedText(clean.unlisted.sum), signedText(clean.constant), signedText(clean.metric))}
    ${pinButton(t('Pin this attribution'), () => pinAttribution(inquiry, value))}</p>
  ${sumHolds(value) ? nothing : caution(t('The parts do not add up to the metric, so the bars cannot be trusted.'))}
  ${corrupted === undefined ? html`<p class="quiet">${t('Add a prompt to compare with to see the same parts there, as a control.')}</p>` : nothing}`;
}
