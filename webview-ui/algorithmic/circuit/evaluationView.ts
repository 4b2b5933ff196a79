/** The tests of a circuit, each beside its null. */
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import type { CircuitEvaluation } from '../../../src/protocol/methods/algorithmicResults.ts';
import type { Resource } from '../../shared/resource.ts';
import { t } from '../../shared/strings.ts';
import { memo } from '../parts/memo.ts';
import { fixed } from '../parts/names.ts';
import { drawWork } from '../parts/work.ts';
import { curveChart, faithfulnessChart, verdict } from './viewModel.ts';

const faithfulness = memo(faithfulnessChart);
const curve = memo(curveChart);

export function evaluationView(evaluation: Resource<CircuitEvaluation>): TemplateResult {
  return html`<section aria-label=${t('Tests')}>${drawWork(evaluation, {
    loading: t('Testing against random circuits…'), idle: html`<p class="quiet">${t('Not tested yet: scores alone say nothing about whether the circuit does the work.')}</p>`, draw: drawn,
  })}</section>`;
}

function drawn(value: CircuitEvaluation): TemplateResult {
  const { holds, reasons } = verdict(value);
  const size = curve(value);
  const { minimality } = value;
  return html`<p class="verdict"><span class="codicon codicon-${holds ? 'pass' : 'warning'}" aria-hidden="true"></span> <strong>${t('This circuit')}</strong> ${reasons.join('; ')}.
      <span class="control">${t('{0} random circuits, p = {1}; same degrees p = {2}, which share {3} % of its edges', value.random.draws, fixed(value.random.p, 3), fixed(value.degreeMatched.p, 3), Math.round(100 * value.degreeMatched.overlap))}</span></p>
    <p class="quiet">${t('metric: full model {0}, empty {1}, circuit {2}', fixed(value.full), fixed(value.empty), fixed(value.circuit))}${minimality === undefined ? nothing : html` · ${minimality.removable.length === 0 ? t('no edge can be cut without loss') : t('{0} edges can be cut without loss: {1}', minimality.removable.length, minimality.removable.slice(0, 4).join(', '))}`}</p>
    <div class="two"><mechanist-chart .spec=${faithfulness(value)}></mechanist-chart>${size === undefined ? nothing : html`<mechanist-chart .spec=${size}></mechanist-chart>`}</div>`;
}
