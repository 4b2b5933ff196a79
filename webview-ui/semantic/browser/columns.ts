/** Columns of the feature browser. */
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import type { FeatureRow, SimilarFeatures, TextSearch } from '../../../src/protocol/methods/semanticResults.ts';
import type { Subject } from '../../../src/protocol/views/panel.ts';
import type { Column } from '../../shared/components/virtualTable.ts';
import { activationText, visibleLabel, visibleToken } from '../../shared/notation.ts';
import { t } from '../../shared/strings.ts';
import { gradeDots, scoreText, shareText } from '../model/words.ts';

/** A row of any of the lists; further numbers by what the list was made with. */
export type BrowserRow = FeatureRow & Partial<SimilarFeatures['rows'][number]> & Partial<TextSearch['rows'][number]>;

export interface ColumnParts {
  readonly subject: (row: FeatureRow) => Subject;
  readonly shown: number | undefined;
}

export function featureColumns({ subject, shown }: ColumnParts, list: 'words' | 'text' | 'similar'): Column<BrowserRow>[] {
  return [
    { id: 'feature', title: t('feature'), track: '7ch', sortable: list === 'words', cell: (row) => chip(subject(row), row.feature === shown) },
    { id: 'label', title: t('label, else top tokens'), track: 'minmax(14ch, 2fr)', sortable: list === 'words', cell: labelCell },
    ...extra(list),
    { id: 'density', title: t('density'), track: '8ch', ...wide(list, 560), numeric: true, sortable: list === 'words', hint: t('share of tokens on which it fires'), cell: ({ density }) => shareText(density) },
    { id: 'max', title: t('max'), track: '6ch', ...wide(list, 640), numeric: true, sortable: list === 'words', hint: t('largest activation'), cell: ({ max }) => activationText(max) },
    { id: 'share', title: t('L0 share'), track: '8ch', from: 760, numeric: true, sortable: list === 'words', hint: t('its part of all activations'), cell: ({ share }) => shareText(share) },
    { id: 'truth', title: t('ground truth'), track: 'minmax(17ch, 1fr)', from: list === 'text' ? 900 : 560, sortable: list === 'words', hint: t('the variable of the corpus that it tells best, AUROC; in grey with the variable shuffled'), cell: truthCell },
    { id: 'detection', title: t('score'), track: '8ch', from: list === 'text' ? 720 : 480, numeric: true, sortable: list === 'words', hint: t('how well the label finds held-out examples; in grey with a wrong label'), cell: scoreCell },
    { id: 'grade', title: t('grade'), track: '8ch', from: 660, sortable: list === 'words', hint: t('evidence in findings, 0 to 4'), cell: ({ grade }) => html`<span title=${t('{0} of 4', grade)}>${gradeDots(grade)}</span>` },
  ];
}

/** A comparison of texts has columns of its own: others show from this width on. */
function wide(list: 'words' | 'text' | 'similar', from: number): { readonly from?: number } {
  return list === 'text' ? { from } : {};
}

function extra(list: 'words' | 'text' | 'similar'): Column<BrowserRow>[] {
  switch (list) {
    case 'words': return [];
    case 'similar': return [{ id: 'cosine', title: t('cosine'), track: '7ch', numeric: true, cell: ({ cosine }) => scoreText(cosine) }];
    case 'text': return [
      { id: 'here', title: t('here'), track: '6ch', numeric: true, hint: t('mean activation in the selection'), cell: ({ here }) => (here === undefined ? '' : activationText(here)) },
      { id: 'there', title: t('there'), track: '6ch', numeric: true, hint: t('mean activation in what it is compared with'), cell: ({ there }) => (there === undefined ? '' : html`<span class="control">${activationText(there)}</span>`) },
      { id: 'token', title: t('peak'), track: '9ch', hint: t('the token that it fires on most here'), cell: ({ token }) => html`<span class="word">${visibleToken(token ?? '')}</span>` },
      { id: 'p', title: 'p', track: '6ch', numeric: true, hint: t('share of random splits with a difference at least as large'), cell: ({ p }) => (p === undefined ? '–' : p < 0.001 ? '<.001' : scoreText(p)) },
    ];
  }
}

function chip(subject: Subject, pressed: boolean): TemplateResult {
  return html`<mechanist-chip .subject=${subject} ?pressed=${pressed} .reach=${-1}></mechanist-chip>`;
}

function labelCell({ label, topTokens }: BrowserRow): TemplateResult {
  return label === undefined
    ? html`<span class="word quiet">${topTokens.slice(0, 6).map(visibleToken).join('  ')}</span>`
    : html`<span title=${visibleLabel(label.label)}>${visibleLabel(label.label)}</span>${label.author === 'statistics' ? html` <span class="quiet" title=${t('from statistics')}>∑</span>` : nothing}`;
}

function truthCell({ truth }: BrowserRow): TemplateResult | typeof nothing {
  return truth === undefined ? nothing : html`<span class=${truth.auroc - truth.shuffledAuroc < 0.1 ? 'quiet' : ''} title=${truth.question}>${truth.variable}</span> ${scoreText(truth.auroc)} <span class="control">${scoreText(truth.shuffledAuroc)}</span>`;
}

function scoreCell({ label }: BrowserRow): TemplateResult | typeof nothing {
  return label?.score === undefined ? nothing : html`${scoreText(label.score.detection)} <span class="control">${scoreText(label.score.wrongLabel)}</span>`;
}
