/** Left side of the semantic view: which features are there? A table or a map, found by words, by text, by similarity. */
import { html, nothing } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import type { Params } from '../../../src/protocol/methods.ts';
import type { FeatureRow, SimilarFeatures, TextSearch } from '../../../src/protocol/methods/semanticResults.ts';
import type { FeatureGrade, Subject } from '../../../src/protocol/views/panel.ts';
import { menuContext } from '../../shared/components/subjectChip.ts';
import { tabs } from '../../shared/components/tabs.ts';
import type { RowEvent, Sort, TableSource, VirtualTable } from '../../shared/components/virtualTable.ts';
import { PageElement } from '../../shared/element.ts';
import type { Session } from '../../shared/session.ts';
import { t } from '../../shared/strings.ts';
import { filters, isSortKey, tableRequest } from '../model/place.ts';
import type { Filter, Place, Query, Target } from '../model/place.ts';
import { countText, scoreText } from '../model/words.ts';
import { featureColumns } from './columns.ts';
import type { BrowserRow } from './columns.ts';
import type { Entry } from './searchEntry.ts';

/** `place-change`: what the browser wants changed of the place. */
export type PlaceEvent = CustomEvent<Partial<Place>>;

/** Milliseconds after the last key before the search begins. */
const rest = 150;

export class FeatureBrowser extends PageElement {
  static override readonly properties = {
    session: { attribute: false }, target: { attribute: false }, place: { attribute: false }, subjectOf: { attribute: false }, version: { attribute: false }, grades: { attribute: false },
    note: { state: true }, total: { state: true }, entry: { state: true },
  };
  declare session: Session | undefined;
  declare target: Target | undefined;
  declare place: Place | undefined;
  declare subjectOf: (feature: number, label?: string) => Subject;
  /** Changes when labels or the store have: the list is read again. */
  declare version: number;
  /** What findings say about features. */
  declare grades: readonly FeatureGrade[];
  declare private note: string | undefined;
  declare private total: { readonly shown: number; readonly all: number | undefined } | undefined;
  /** Which field is open for a search that is not by words. */
  declare private entry: Entry | undefined;
  private source: TableSource<BrowserRow> | undefined;
  private sourceKey = '';
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    super();
    this.session = undefined;
    this.target = undefined;
    this.place = undefined;
    this.subjectOf = () => { throw new Error('The browser was given no subjects.'); };
    this.version = 0;
    this.grades = [];
    this.note = undefined;
    this.total = undefined;
    this.entry = undefined;
  }

  focusSearch(): void {
    this.querySelector<HTMLInputElement>('input[type=search]')?.focus();
  }

  focusTable(): void {
    this.querySelector<VirtualTable>('mechanist-table')?.focus();
  }

  protected override willUpdate(_changed: PropertyValues): void {
    const { target, place } = this;
    if (target === undefined || place === undefined) return;
    const { search, filter, sort, query } = place;
    const key = JSON.stringify([target, search, filter, sort, query, this.version, this.grades]);
    if (key === this.sourceKey) return;
    this.sourceKey = key;
    this.note = undefined;
    this.total = undefined;
    this.source = this.sourceOf(target, place);
  }

  override render(): TemplateResult | typeof nothing {
    const { place, target, session } = this;
    if (place === undefined || target === undefined || session === undefined) return nothing;
    return html`<div class="browser">
      <div class="search">
        <input type="search" aria-label=${t('Search features')} placeholder=${t('search label, token, variable, #number')} .value=${place.search} @input=${this.onSearch} @keydown=${this.onSearchKey}>
        <select aria-label=${t('Which features')} @change=${(event: Event) => this.change({ filter: (event.target as HTMLSelectElement).value as Filter })}>
          ${filters.map((filter) => html`<option value=${filter} ?selected=${filter === place.filter}>${filterName(filter)}</option>`)}
        </select>
        ${iconButton('selection', t('Which features fire on the editor’s selection?'), () => this.byText())}
        ${this.entryButton('diff', t('Which features fire on one text more than on another?'), 'text')}
        ${this.entryButton('symbol-string', t('Which features raise a token, or point along a direction?'), 'direction')}
      </div>
      ${this.entry === undefined ? nothing : html`<mechanist-search-entry .entry=${this.entry} .selection=${session.selection?.text ?? ''}></mechanist-search-entry>`}
      ${this.queryLine(place.query)}
      <div class="list-head">
        ${tabs(t('List'), [{ id: 'table', label: t('Table') }, { id: 'map', label: t('Map') }], place.list, (list) => this.change({ list }))}
        <span class="quiet" role="status">${this.countLine()}</span>
        ${iconButton('lightbulb', t('Label all features from statistics'), () => this.dispatchEvent(new CustomEvent('label-all', { bubbles: true })))}
      </div>
      ${place.list === 'map' ? html`<mechanist-feature-map .session=${session} .target=${target} .subjectOf=${this.subjectOf} .shown=${place.feature}></mechanist-feature-map>` : nothing}
      <mechanist-table id="features" .name=${t('Features')} .none=${this.none(place)} .columns=${featureColumns({ subject: (row) => this.subjectOf(row.feature, row.label?.label), shown: place.feature }, listKind(place.query))}
        .source=${this.source} .sort=${listKind(place.query) === 'words' ? place.sort : undefined} .selected=${place.feature} .context=${(row: BrowserRow) => menuContext(this.subjectOf(row.feature, row.label?.label))}
        @row-open=${(event: RowEvent<FeatureRow>) => this.tellSubject(event, 'subject-open')} @row-focus=${(event: RowEvent<FeatureRow>) => this.tellSubject(event, 'subject-glance')} @row-pin=${(event: RowEvent<FeatureRow>) => this.tellSubject(event, 'subject-pin')}
        @sort-change=${(event: CustomEvent<Sort>) => this.sortBy(event)} @rows-change=${this.onRows}></mechanist-table>
      ${this.note === undefined ? nothing : html`<p class="quiet note">${this.note}</p>`}
    </div>`;
  }

  private entryButton(icon: string, label: string, entry: Entry): TemplateResult {
    return iconButton(icon, label, () => { this.entry = this.entry === entry ? undefined : entry; }, this.entry === entry);
  }

  private queryLine(query: Query): TemplateResult | typeof nothing {
    if (query.kind === 'words') return nothing;
    return html`<p class="query"><span>${queryText(query)}</span> ${iconButton('close', t('Back to all features'), () => this.change({ query: { kind: 'words' } }))}</p>`;
  }

  private countLine(): string {
    const { total } = this;
    if (total === undefined) return '';
    return total.all === undefined || total.all === total.shown ? t('{0} features', countText(total.shown)) : t('{0} of {1} features', countText(total.shown), countText(total.all));
  }

  private none({ query, search, filter }: Place): string {
    if (query.kind !== 'words') return t('No feature fits.');
    return search === '' && filter === 'all' ? t('This store has no features yet.') : t('No feature has these words here. Fewer words, or another selection of features, show more.');
  }

  private sourceOf(target: Target, place: Place): TableSource<BrowserRow> {
    const { channel } = this.session!;
    const { grades } = this;
    const key = ({ feature }: BrowserRow): number => feature;
    const { query } = place;
    if (query.kind === 'words' || query.kind === 'set') {
      return {
        key,
        load: async (offset, limit, signal) => {
          const { rows, total, unfiltered } = await channel.call('semantic.features', tableRequest(target, place, offset, limit, grades), { signal });
          this.total = { shown: total, all: unfiltered };
          return { rows, total };
        },
      };
    }
    // Short lists come whole; the table asks for them once.
    return {
      key,
      load: async (_offset, _limit, signal) => {
        const rows = await this.shortList(target, query, signal);
        this.total = { shown: rows.length, all: undefined };
        return { rows, total: rows.length };
      },
    };
  }

  private async shortList(target: Target, query: Exclude<Query, { kind: 'words' | 'set' }>, signal: AbortSignal): Promise<readonly BrowserRow[]> {
    const { channel } = this.session!;
    if (query.kind === 'text') {
      const found: TextSearch = await channel.call('semantic.searchText', { ...target, selection: query.selection, count: 100, ...(query.other === undefined ? {} : { other: query.other }) }, { signal });
      this.note = query.other === undefined ? t('Compared with the average over the store; {0} tokens selected.', found.tokens.selection) : t('{0} tokens against {1}. p: share of random splits with a difference at least as large.', found.tokens.selection, found.tokens.other);
      return found.rows;
    }
    const found: SimilarFeatures = await channel.call('semantic.similar', { ...target, to: similarTo(query), count: 100 }, { signal });
    this.note = t('Cosine of decoder rows; a random direction reaches {0}.', scoreText(found.randomCosine));
    return found.rows;
  }

  private byText(): void {
    const selection = this.session?.selection?.text ?? '';
    if (selection.trim() === '') this.note = t('Select text in an editor first.');
    else this.change({ query: { kind: 'text', selection }, list: 'table' });
  }

  private sortBy(event: CustomEvent<Sort>): void {
    const { by, descending } = event.detail;
    if (isSortKey(by)) this.change({ sort: { by, descending } });
  }

  private onSearch(event: Event): void {
    const search = (event.target as HTMLInputElement).value;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.change({ search, query: { kind: 'words' } }), rest);
  }

  private onSearchKey(event: KeyboardEvent): void {
    if (event.key === 'ArrowDown' || event.key === 'Enter') {
      event.preventDefault();
      this.focusTable();
    } else if (event.key === 'Escape') {
      // What was typed last may still be waiting.
      clearTimeout(this.timer);
      this.change({ search: '' });
    }
  }

  private onRows(event: Event): void {
    event.stopPropagation();
    this.requestUpdate();
  }

  private tellSubject(event: RowEvent<FeatureRow>, name: 'subject-open' | 'subject-glance' | 'subject-pin'): void {
    this.dispatchEvent(new CustomEvent(name, { detail: this.subjectOf(event.detail.feature, event.detail.label?.label), bubbles: true }));
  }

  private change(change: Partial<Place>): void {
    this.dispatchEvent(new CustomEvent('place-change', { detail: change, bubbles: true }));
  }
}

export function iconButton(icon: string, label: string, run: () => void, pressed?: boolean): TemplateResult {
  return html`<button class="icon-button codicon codicon-${icon}" aria-label=${label} title=${label} aria-pressed=${pressed ?? nothing} @click=${run}></button>`;
}

function listKind(query: Query): 'words' | 'text' | 'similar' {
  switch (query.kind) {
    case 'words': case 'set': return 'words';
    case 'text': return 'text';
    case 'similar': case 'token': case 'direction': return 'similar';
  }
}

function similarTo(query: Extract<Query, { kind: 'similar' | 'token' | 'direction' }>): Params<'semantic.similar'>['to'] {
  switch (query.kind) {
    case 'similar': return { kind: 'feature', feature: query.feature };
    case 'token': return { kind: 'token', token: query.token };
    case 'direction': return { kind: 'direction', values: [...query.values] };
  }
}

function queryText(query: Query): string {
  const short = (text: string): string => (text.length > 60 ? `${text.slice(0, 57)}…` : text).replace(/\s+/g, ' ');
  switch (query.kind) {
    case 'words': return '';
    case 'text': return query.other === undefined ? t('fire on “{0}”', short(query.selection)) : t('fire on “{0}” more than on “{1}”', short(query.selection), short(query.other));
    case 'similar': return t('like #{0}', query.feature);
    case 'token': return t('raise “{0}”', query.token);
    case 'direction': return t('along {0} … ({1} numbers)', query.values.slice(0, 3).map((value) => value.toPrecision(3)).join(', '), query.values.length);
    case 'set': return query.name;
  }
}

function filterName(filter: Filter): string {
  switch (filter) {
    case 'all': return t('all');
    case 'alive': return t('alive');
    case 'labelled': return t('labelled');
    case 'unlabelled': return t('without label');
    case 'identified': return t('identified');
    case 'dead': return t('dead');
    case 'dense': return t('dense');
  }
}
