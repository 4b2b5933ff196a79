/** What kind of head each is, and why one head looked where it did. */
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import type { PromptToken } from '../../../src/protocol/methods/algorithmicResults.ts';
import { barRows } from '../../shared/components/bars.ts';
import { visibleToken } from '../../shared/notation.ts';
import { t } from '../../shared/strings.ts';
import type { Inquiry } from '../inquiry.ts';
import { signedText } from '../parts/names.ts';
import { drawWork, runButton } from '../parts/work.ts';
import type { AttentionWork } from './attentionWork.ts';
import { headRows, headType, termName } from './viewModel.ts';
import type { HeadRow } from './viewModel.ts';

export function headScoresView(inquiry: Inquiry, work: AttentionWork): TemplateResult {
  return html`<section aria-label=${t('Head types')}><h2>${t('What kind of head is each?')}</h2>
    ${drawWork(work.scores, {
      loading: t('Scoring heads on random text…'),
      idle: html`<p class="quiet">${t('Scores on repeated random tokens, and on this prompt beside: a head that only acts on one of them is not of that kind.')}</p>${runButton(t('Score all heads'), () => void work.runScores(), inquiry.session.model === undefined)}`,
      draw: (scores) => table(headRows(scores), (row) => work.chooseHead(row.layer, row.head)),
    })}</section>`;
}

function table(rows: readonly HeadRow[], choose: (row: HeadRow) => void): TemplateResult {
  const columns = [t('previous token'), t('duplicate'), t('induction'), t('first token'), t('entropy')];
  const strongest = rows.toSorted((a, b) => Math.max(...b.random.slice(0, 3)) - Math.max(...a.random.slice(0, 3)));
  return html`<div class="table-frame" tabindex="0" role="region" aria-label=${t('Head scores')}><table class="data">
    <thead><tr><th scope="col">${t('head')}</th>${columns.map((name) => html`<th scope="col">${name}</th>`)}<th scope="col">${t('kind')}</th></tr></thead>
    <tbody>${strongest.map((row) => html`<tr><th scope="row"><button class="link" @click=${() => choose(row)}>L${row.layer}H${row.head}</button></th>
      ${row.random.map((value, column) => html`<td class="number">${value.toFixed(2)}${row.text === undefined ? nothing : html` <span class="control">${row.text[column]!.toFixed(2)}</span>`}</td>`)}<td>${headType(row)}</td></tr>`)}</tbody>
  </table></div><p class="quiet">${t('on random tokens; muted: on this prompt')}</p>`;
}

/** The score of one query and key as a sum over pairs of features. */
export function featurePairsView(inquiry: Inquiry, work: AttentionWork, query: number, key: number, tokens: readonly PromptToken[]): TemplateResult {
  const dictionary = work.pairsDictionary;
  const { layer } = inquiry.place.attention;
  const places = [`${query} ${visibleToken(tokens[query]!.text)}`, `${key} ${visibleToken(tokens[key]!.text)}`] as const;
  return html`<section aria-label=${t('Why it looks there')}><h2>${t('Why does {0} look at {1}?', ...places)}</h2>
    ${dictionary === undefined ? html`<p class="quiet">${t('A dictionary of the stream that enters layer {0} splits the score into pairs of features. Open one, or choose a head of another layer.', layer)}</p>` : drawWork(work.pairs, {
      loading: t('Splitting the score…'),
      idle: html`${runButton(t('Split into pairs of features'), () => void work.runPairs(query, key))} <span class="quiet">${dictionary.id}</span>`,
      draw: ({ score, sum, pairs, unlisted, errorSum }) => html`${barRows(pairs.slice(0, 12).map((pair) => ({ label: `${termName(pair.query)} × ${termName(pair.key)}`, value: pair.value, text: signedText(pair.value) })), {
        name: t('Pairs of features'), signed: true, columns: { label: t('query × key'), value: t('part of the score') },
      })}<p class="sum">${t('sum {0} of score {1}; terms with an error {2}; {3} others {4}', signedText(sum), signedText(score), signedText(errorSum), unlisted.count, signedText(unlisted.sum))}</p>`,
    })}</section>`;
}
