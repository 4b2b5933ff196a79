/** A dictionary: how sparse, how faithful, what is dead, against the model's other dictionaries. */
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import type { DictionarySummary } from '../../../src/protocol/methods.ts';
import type { DictionaryPage } from '../../../src/protocol/methods/semanticResults.ts';
import type { Subject } from '../../../src/protocol/views/panel.ts';
import type { ChartPickEvent } from '../../shared/charts/chart.ts';
import { drawResource } from '../../shared/components/states.ts';
import { PageElement } from '../../shared/element.ts';
import { Resource } from '../../shared/resource.ts';
import type { Session } from '../../shared/session.ts';
import { t } from '../../shared/strings.ts';
import { densityChart, figure, geometryText, listNote, metricRows, tradeoffChart } from '../model/dictionary.ts';
import type { TradeoffMeasure } from '../model/dictionary.ts';
import type { Target } from '../model/place.ts';
import { countText, scoreText, shareText } from '../model/words.ts';

/** Chips of a list that are drawn. */
const listLimit = 100;

export class DictionaryPageElement extends PageElement {
  static override readonly properties = { session: { attribute: false }, target: { attribute: false }, summary: { attribute: false }, subjectOf: { attribute: false }, measure: { state: true } };
  declare session: Session | undefined;
  declare target: Target | undefined;
  declare summary: DictionarySummary | undefined;
  declare subjectOf: (feature: number) => Subject;
  declare private measure: TradeoffMeasure;
  private readonly page = new Resource<DictionaryPage>(this);
  private key = '';

  constructor() {
    super();
    this.session = undefined;
    this.target = undefined;
    this.summary = undefined;
    this.subjectOf = () => { throw new Error('The page was given no subjects.'); };
    this.measure = 'fvu';
  }

  protected override willUpdate(): void {
    const { session, target } = this;
    const key = JSON.stringify(target);
    if (session === undefined || target === undefined || key === this.key) return;
    this.key = key;
    const { labels: _, ...stored } = target;
    void this.page.load((signal, onProgress) => session.channel.call('semantic.dictionary', stored, { signal, onProgress }));
  }

  override render(): TemplateResult | typeof nothing {
    const { summary } = this;
    if (summary === undefined) return nothing;
    return html`<article class="card"><header><h2>${t('How good is this dictionary?')}</h2>
      <p class="quiet">${summary.id} · ${summary.architecture} ${summary.kind} · ${summary.hook} · ${t('{0} features', countText(summary.latents))}</p></header>
      ${drawResource(this.page, { loading: t('Measuring on held-out texts…'), lines: 10, draw: (page) => this.body(page, summary) })}</article>`;
  }

  private body(page: DictionaryPage, summary: DictionarySummary): TemplateResult {
    return html`<div class="parts">
      <section><h3>${t('Measures')}</h3>${measures(page)}</section>
      <section><h3>${t('Against the model’s other dictionaries')}</h3>
        <label>${t('measure')} <select @change=${(event: Event) => { this.measure = (event.target as HTMLSelectElement).value as TradeoffMeasure; }}>
          <option value="fvu">FVU</option><option value="ceRecovered">${t('cross-entropy recovered')}</option><option value="dead">${t('dead features')}</option></select></label>
        <mechanist-chart .spec=${tradeoffChart(page, summary.dictionary, this.measure)} @chart-pick=${(event: ChartPickEvent) => this.pick(event, page, summary)}></mechanist-chart></section>
      <section><h3>${t('How often do features fire?')}</h3><mechanist-chart .spec=${densityChart(page)}></mechanist-chart><p class="quiet">${geometryText(page)}</p></section>
      <section><h3>${t('Dead')} <span class="quiet">${listNote(Math.min(listLimit, page.dead.features.length), page.dead.total, page.tokens)}</span></h3>${this.chips(page.dead.features)}</section>
      <section><h3>${t('Dense')} <span class="quiet">${listNote(Math.min(listLimit, page.dense.features.length), page.dense.total, page.tokens)}</span></h3>${this.chips(page.dense.features)}</section>
      <section class="wide"><h3>${t('Layer by layer')}</h3>${this.layers(page, summary)}</section>
      <section class="wide"><h3>${t('Where it comes from')}</h3><dl class="metadata">${Object.entries(page.metadata).map(([name, value]) => html`<div><dt>${name}</dt><dd>${this.metadata(value)}</dd></div>`)}</dl></section>
    </div>`;
  }

  private metadata(value: string): TemplateResult | string {
    if (!/^https:\/\/\S+$/.test(value)) return value;
    return html`<a href="#" @click=${(event: Event) => { event.preventDefault(); void this.session?.channel.ask('panel.openLink', { url: value }); }}>${value}</a>`;
  }

  private layers({ tradeoff }: DictionaryPage, summary: DictionarySummary): TemplateResult {
    const rows = tradeoff.toSorted((a, b) => a.hook.localeCompare(b.hook, 'en', { numeric: true }));
    return html`<div class="scroll" tabindex="0" role="region" aria-label=${t('Dictionaries of this model')}><table class="data plain">
      <thead><tr><th scope="col">${t('hook point')}</th><th scope="col">${t('kind')}</th><th scope="col" class="number">L0</th><th scope="col" class="number">FVU</th><th scope="col" class="number">${t('CE recovered')}</th><th scope="col" class="number">${t('dead')}</th></tr></thead>
      <tbody>${rows.map((row) => html`<tr aria-current=${row.dictionary === summary.dictionary}>
        <th scope="row"><button class="link" @click=${() => this.use(row.dictionary)}>${row.hook}</button></th><td>${row.architecture} ${countText(row.latents)}</td><td class="number">${figure(row.l0)}</td><td class="number">${scoreText(row.fvu)}</td><td class="number">${scoreText(row.ceRecovered)}</td><td class="number">${!Number.isFinite(row.dead) ? '–' : row.dead <= 1 ? shareText(row.dead) : countText(row.dead)}</td></tr>`)}</tbody>
    </table></div>`;
  }

  private chips(features: readonly number[]): TemplateResult {
    if (features.length === 0) return html`<p class="quiet">${t('none')}</p>`;
    return html`<div class="chips">${features.slice(0, listLimit).map((feature) => html`<mechanist-chip .subject=${this.subjectOf(feature)}></mechanist-chip>`)}</div>`;
  }

  private pick({ detail }: ChartPickEvent, page: DictionaryPage, summary: DictionarySummary): void {
    if (!('series' in detail)) return;
    const label = tradeoffChart(page, summary.dictionary, this.measure).series[detail.series]?.labels?.[detail.index];
    const found = page.tradeoff.find(({ hook, architecture, latents }) => `${hook} ${architecture} ${latents}` === label);
    if (found !== undefined) this.use(found.dictionary);
  }

  private use(dictionary: string): void {
    void this.session?.channel.ask('panel.useDictionary', { dictionary });
  }
}

function measures({ scores, interval, documents, positions }: DictionaryPage): TemplateResult {
  return html`<table class="data plain"><thead><tr><th scope="col">${t('measure')}</th><th scope="col" class="number">${t('value')}</th><th scope="col" class="number">${t('interval')}</th></tr></thead>
    <tbody>${metricRows(scores).map(({ name, hint, value, interval: range }) => html`<tr title=${hint}><th scope="row">${name}</th><td class="number">${value}</td><td class="number quiet">${range}</td></tr>`)}</tbody></table>
    <p class="quiet">${t('{0}; {1} texts, {2} tokens', interval, countText(documents), countText(positions))}</p>`;
}
