/** Which heads read what earlier heads write, beside random matrices. */
import { html } from 'lit';
import type { TemplateResult } from 'lit';
import type { CompositionScores } from '../../../src/protocol/methods/algorithmicResults.ts';
import { barRows } from '../../shared/components/bars.ts';
import { t } from '../../shared/strings.ts';
import type { Inquiry } from '../inquiry.ts';
import { memo } from '../parts/memo.ts';
import { choice, drawWork, runButton } from '../parts/work.ts';
import type { AttentionWork } from './attentionWork.ts';
import { composedPairs, compositionChart } from './viewModel.ts';

const chart = memo(compositionChart);

export function compositionView(inquiry: Inquiry, work: AttentionWork): TemplateResult {
  const { composition } = inquiry.place.attention;
  return html`<section aria-label=${t('Composition')}><h2>${t('Which heads read which?')}${choice(t('through'), composition, [{ value: 'q', label: t('queries') }, { value: 'k', label: t('keys') }, { value: 'v', label: t('values') }], (next) => {
    inquiry.choose('attention', { composition: next });
    if (work.composition.state.kind !== 'idle') void work.runComposition();
  })}</h2>
  ${drawWork(work.composition, {
    loading: t('Comparing weights…'),
    idle: html`<p class="quiet">${t('How much of what a head writes a later head reads, by weights alone, beside random matrices with the same spectra.')}</p>${runButton(t('Compare all heads'), () => void work.runComposition(), inquiry.session.model === undefined)}`,
    draw: (scores) => drawn(scores, composition),
  })}</section>`;
}

function drawn(scores: CompositionScores, kind: string): TemplateResult {
  const pairs = composedPairs(scores);
  return html`<mechanist-chart .spec=${chart(scores, kind)}></mechanist-chart>
    ${pairs.length === 0 ? html`<p class="quiet">${t('No pair is above the 99th percentile of its null.')}</p>` : barRows(pairs.slice(0, 10).map(({ writer, reader, score, high }) => ({
      label: `${writer} → ${reader}`, value: score, text: score.toFixed(3), control: high, controlText: high.toFixed(3),
    })), { name: t('Pairs above their null'), columns: { label: t('heads'), value: t('composition'), control: t('null, 99 %') } })}`;
}
