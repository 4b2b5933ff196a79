/** The data set of the question: which pair it is, whether all are measured, what is wrong with the file. */
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { caution, failure } from '../../shared/components/states.ts';
import { t } from '../../shared/strings.ts';
import type { Inquiry } from '../inquiry.ts';
import type { Pairs } from './pairs.ts';

export function pairsView(inquiry: Inquiry, pairs: Pairs): TemplateResult | typeof nothing {
  const set = inquiry.question.pairs;
  const { state } = pairs.file;
  if (state.kind === 'failed') return failure(state.message, { label: t('Try again'), run: () => pairs.file.retry() });
  const read = pairs.file.value;
  if (set === undefined || read === undefined) return nothing;
  const { current } = pairs;
  const count = read.pairs.length;
  const wrong = read.diagnostics.filter(({ severity }) => severity === 'error');
  const step = (by: number): void => void pairs.show(set.path, current + by);
  return html`<div class="row pairs">
    <span class="word" title=${set.path}>${set.path.split(/[\\/]/).at(-1)}</span>
    <button class="icon-button codicon codicon-chevron-left" aria-label=${t('Previous pair')} title=${t('Previous pair')} ?disabled=${current <= 0} @click=${() => step(-1)}></button>
    <span>${t('pair {0} of {1}', current < 0 ? '–' : current + 1, count)}</span>
    <button class="icon-button codicon codicon-chevron-right" aria-label=${t('Next pair')} title=${t('Next pair')} ?disabled=${current + 1 >= count} @click=${() => step(1)}></button>
    <label><input type="checkbox" .checked=${set.all} @change=${(event: Event) => inquiry.setPairs({ ...set, count, all: (event.currentTarget as HTMLInputElement).checked })}>${t('measure all pairs, with intervals')}</label>
    <button class="icon-button codicon codicon-close" aria-label=${t('Leave the file')} title=${t('Leave the file')} @click=${() => { pairs.file.reset(); inquiry.setPairs(undefined); }}></button>
  </div>
  ${wrong.slice(0, 3).map(({ line, message, hint }) => caution(t('line {0}: {1}', line, hint === undefined ? message : `${message} ${hint}`)))}
  ${wrong.length > 3 ? html`<p class="quiet">${t('and {0} more lines that are left out', wrong.length - 3)}</p>` : nothing}`;
}
