/** The semantic panel: what is represented. Holds the place, hands its parts what they need, and carries out keys and commands. */
import { html, nothing } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import { failureText } from '../../src/protocol/failureText.ts';
import type { DictionarySummary, ModelSummary } from '../../src/protocol/methods.ts';
import type { FeatureCard, StoreSummary } from '../../src/protocol/methods/semanticResults.ts';
import type { FeatureGrade, PanelJob, ShowRequest, Subject } from '../../src/protocol/views/panel.ts';
import { keyHelp } from '../shared/components/keyHelp.ts';
import { noModel } from '../shared/components/noModel.ts';
import { drawResource, emptyState, failure, skeleton } from '../shared/components/states.ts';
import type { SubjectEvent } from '../shared/components/subjectChip.ts';
import { PageElement } from '../shared/element.ts';
import { Resource } from '../shared/resource.ts';
import { isTyping } from '../shared/roving.ts';
import { SessionController } from '../shared/session.ts';
import type { Session } from '../shared/session.ts';
import { t } from '../shared/strings.ts';
import { featureSubject } from '../shared/subject.ts';
import { iconButton } from './browser/featureBrowser.ts';
import type { FeatureBrowser, PlaceEvent } from './browser/featureBrowser.ts';
import type { LabelEditor } from './card/labelEditor.ts';
import { Cards } from './cards.ts';
import { exchange } from './exchange.ts';
import { jobLine } from './harvest/harvestPanel.ts';
import { semanticKeys } from './keys.ts';
import { pinFeature } from './pinCard.ts';
import { labellingLine } from './labelling.ts';
import { topBar } from './topBar.ts';
import { harvestJob, storeText, usedStore } from './model/harvest.ts';
import { labellingJob, labellingRequest } from './model/labelling.ts';
import { firstPlace, parsePlace } from './model/place.ts';
import { dictionaryOf, wishWaits } from './model/wish.ts';
import type { Place, Target } from './model/place.ts';

export class SemanticView extends PageElement {
  static override readonly properties = { session: { attribute: false }, place: { state: true }, help: { state: true }, action: { state: true }, notice: { state: true }, version: { state: true } };
  declare session: Session | undefined;
  declare private place: Place;
  declare private help: boolean;
  declare private action: 'ablate' | 'steer' | undefined;
  /** What became of an import or export. */
  declare private notice: { readonly text: string; readonly failed: boolean } | undefined;
  declare private version: number;
  private readonly stores = new Resource<readonly StoreSummary[]>(this);
  private readonly card = new Resource<FeatureCard>(this);
  private readonly grades = new Resource<readonly FeatureGrade[]>(this);
  private cards: Cards | undefined;
  private storesKey = '';
  private storesOf = '';
  private cardKey = '';
  private suggesting = false;
  private harvesting = false;
  private labelling: PanelJob['state'] | undefined;
  private wanted: ShowRequest | undefined;
  private told = '';

  constructor() {
    super();
    this.session = undefined;
    this.place = firstPlace;
    this.help = false;
    this.action = undefined;
    this.notice = undefined;
    this.version = 0;
    new SessionController(this, () => this.session);
    this.addEventListener('place-change', (event) => this.change((event as PlaceEvent).detail));
    this.addEventListener('subject-open', (event) => this.openSubject((event as SubjectEvent).detail));
    this.addEventListener('subject-glance', (event) => this.glance((event as SubjectEvent).detail));
    this.addEventListener('subject-pin', (event) => pinFeature(this.session, this.card.value, (event as SubjectEvent).detail));
    this.addEventListener('label-change', () => this.reread());
    this.addEventListener('label-all', () => this.labelAll());
    this.addEventListener('feature-export', (event) => void this.exchange('export', [(event as CustomEvent<number>).detail]));
  }

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener('keydown', this.onKey);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener('keydown', this.onKey);
  }

  protected override willUpdate(changed: PropertyValues): void {
    const { session } = this;
    if (session === undefined) return;
    if (changed.has('session')) {
      this.place = parsePlace(session.readPlace());
      this.cards = new Cards(session.channel);
      session.onShow((request) => this.show(request));
      session.channel.on('findings', () => this.readGrades());
    }
    const { dictionary, model } = session;
    this.readStores(session, model, dictionary);
    this.carryOutWish();
    this.readCard();
  }

  protected override updated(): void {
    const { session, place } = this;
    const card = this.card.value;
    const editor = this.suggesting ? this.labelEditor() : null;
    if (editor !== null) {
      this.suggesting = false;
      void editor.updateComplete.then(() => editor.suggest('label'));
    }
    const subject = place.feature === undefined ? undefined : this.subjectOf(place.feature, card?.row.feature === place.feature ? card.row.label?.label : undefined);
    const title = place.feature === undefined ? undefined : `#${place.feature}${subject?.label === undefined ? '' : ` ${subject.label.length > 40 ? `${subject.label.slice(0, 38)}…` : subject.label}`}`;
    const about = JSON.stringify([title, subject]);
    if (session?.started !== true || about === this.told) return;
    this.told = about;
    session.about(title, subject);
  }

  override render(): TemplateResult {
    const { session } = this;
    if (session === undefined || !session.started) return skeleton(t('Starting…'));
    const { engine } = session.context;
    if (engine.kind === 'failed') return failure(engine.reason, { label: t('Restart engine'), run: () => void session.channel.ask('panel.restartEngine', {}) });
    const { model, dictionary } = session;
    if (model === undefined) return noModel(session, t('Which features does a model represent? Open a model to look.'));
    return html`<div class="semantic">${topBar(session, model, dictionary, { page: this.place.page, store: this.storeLine(dictionary), open: (page) => this.change({ page }), help: () => { this.help = true; } })}${this.notices(session, dictionary)}${this.body(session, model, dictionary)}</div>
      ${this.help ? keyHelp(semanticKeys(), () => { this.help = false; }) : nothing}`;
  }

  private notices(session: Session, dictionary: DictionarySummary | undefined): TemplateResult | typeof nothing {
    const job = dictionary === undefined ? undefined : session.job(harvestJob(dictionary));
    const labelling = dictionary === undefined ? undefined : session.job(labellingJob(dictionary));
    return html`${job === undefined || this.place.page === 'harvest' ? nothing : jobLine(session, job)}
      ${labelling === undefined ? nothing : labellingLine(session, labelling, () => this.labelAll())}
      ${this.notice === undefined ? nothing : html`<p class=${this.notice.failed ? 'notice problem' : 'notice quiet'} role="status">${this.notice.text} ${iconButton('close', t('Close'), () => { this.notice = undefined; })}</p>`}`;
  }

  private body(session: Session, model: ModelSummary, dictionary: DictionarySummary | undefined): TemplateResult | typeof nothing {
    const { place } = this;
    if (place.page === 'train') return html`<mechanist-train .session=${session}></mechanist-train>`;
    if (dictionary === undefined) return emptyState(t('{0} has no dictionary, so nothing names its features yet. Open one, or train one here.', model.id), { label: t('Open dictionary'), run: () => void session.channel.ask('panel.openDictionary', {}) });
    if (place.page === 'harvest') return html`<mechanist-harvest .session=${session} .dictionary=${dictionary} .stores=${this.stores.value ?? []} .used=${this.target()?.store}></mechanist-harvest>`;
    return drawResource(this.stores, { loading: t('Looking for what has been harvested…'), lines: 10, draw: () => this.withStore(session, dictionary) });
  }

  private withStore(session: Session, dictionary: DictionarySummary): TemplateResult {
    const target = this.target();
    if (target === undefined) return emptyState(t('Nobody has looked yet where the features of {0} fire. A harvest runs texts through the model and keeps the places.', dictionary.id), { label: t('Harvest a corpus'), run: () => this.change({ page: 'harvest' }) });
    const { place } = this;
    const subjectOf = this.subjectOf;
    return html`<div class="columns">
      <mechanist-browser .session=${session} .target=${target} .place=${place} .subjectOf=${subjectOf} .version=${this.version} .grades=${this.grades.value ?? []}></mechanist-browser>
      <div class="detail">${place.page === 'dictionary'
        ? html`<mechanist-dictionary .session=${session} .target=${target} .summary=${dictionary} .subjectOf=${subjectOf}></mechanist-dictionary>`
        : drawResource(this.card, {
          loading: t('Reading the card…'), lines: 14, idle: emptyState(t('Choose a feature: its card says where it fires, what it does, and why to believe its label.')),
          draw: (card) => html`<mechanist-card .session=${session} .target=${target} .card=${card} .subject=${subjectOf(card.row.feature, card.row.label?.label)} .place=${place} .subjectOf=${subjectOf} .action=${this.action}></mechanist-card>`,
        })}</div>
    </div>`;
  }

  private storeLine(dictionary: DictionarySummary | undefined): string {
    const target = this.target();
    const store = this.stores.value?.find((one) => one.store === target?.store);
    return dictionary === undefined || store === undefined ? '' : storeText(store);
  }

  private readonly subjectOf = (feature: number, label?: string): Subject => {
    const { model, dictionary } = this.session ?? {};
    return featureSubject(model?.id ?? '', dictionary?.id ?? '', feature, dictionary?.dictionary, label);
  };

  private target(): Target | undefined {
    const { session } = this;
    const { dictionary, model } = session ?? {};
    if (session === undefined || dictionary === undefined || model === undefined || this.stores.value === undefined) return undefined;
    const store = usedStore(this.stores.value, this.place.store, session.job(harvestJob(dictionary)));
    if (store === undefined) return undefined;
    const labels = session.context.folders?.labels;
    return { model: model.model, dictionary: dictionary.dictionary, store, ...(labels === undefined ? {} : { labels }) };
  }

  /** Read again when the dictionary changes, and when its harvest ends. */
  private readStores(session: Session, model: ModelSummary | undefined, dictionary: DictionarySummary | undefined): void {
    if (model === undefined || dictionary === undefined) return;
    const job = session.job(harvestJob(dictionary));
    const labelling = session.job(labellingJob(dictionary))?.state;
    if (labelling !== this.labelling && this.labelling === 'running') this.reread();
    this.labelling = labelling;
    const key = JSON.stringify([model.model, dictionary.dictionary, job?.state]);
    if (key === this.storesKey) return;
    // What has just been harvested is looked at.
    const harvested = this.harvesting && job?.state === 'done' ? (job.result as StoreSummary).store : undefined;
    this.harvesting = job?.state === 'running';
    if (harvested !== undefined) this.change({ store: harvested });
    // Of the same dictionary the list stays until it has been read again.
    const keep = this.storesOf === dictionary.dictionary;
    this.storesOf = dictionary.dictionary;
    this.storesKey = key;
    const { folders } = session.context;
    void this.stores.load((signal) => session.channel.call('semantic.stores', { model: model.model, dictionary: dictionary.dictionary, folders: folders === undefined ? [] : [folders.stores] }, { signal }), { keep });
    this.readGrades();
    if (job !== undefined && job.state !== 'running') {
      this.cards?.clear();
      this.version++;
    }
  }

  private readGrades(): void {
    const { model, dictionary, channel } = this.session ?? {};
    if (model !== undefined && dictionary !== undefined) void this.grades.load((signal) => channel!.ask('panel.grades', { model: model.id, dictionary: dictionary.id }, { signal }), { keep: true });
  }

  private readCard(): void {
    const target = this.target();
    const { feature } = this.place;
    const latents = this.session?.dictionary?.latents ?? 0;
    const key = target === undefined || feature === undefined || feature >= latents ? '' : JSON.stringify([target, feature, this.version]);
    if (key === this.cardKey) return;
    this.cardKey = key;
    if (target === undefined || feature === undefined || key === '') this.card.reset();
    else {
      const { cards } = this;
      void this.card.load(() => cards!.get(target, feature), { keep: true });
    }
  }

  private show(request: ShowRequest): void {
    this.wanted = request;
    this.requestUpdate();
  }

  /** What was asked for may have to wait for the model and its store. */
  private carryOutWish(): void {
    const { wanted, session } = this;
    if (wanted === undefined || session?.started !== true) return;
    const { subject, action, selection, part } = wanted;
    if (wishWaits(wanted, session, this.stores.state.kind)) return;
    const where = dictionaryOf(wanted, session);
    if (where === 'other') return void session.channel.ask('panel.useDictionary', { dictionary: subject!.dictionary! });
    this.wanted = undefined;
    if (where === 'gone') this.notice = { text: t('The dictionary of this feature is not in use any more. Follow the link again.'), failed: true };
    else if (subject?.feature !== undefined) this.change({ feature: subject.feature, page: 'features' });
    this.action = action === 'ablate' || action === 'steer' ? action : undefined;
    if (selection !== undefined && selection.text.trim() !== '') this.change({ page: 'features', list: 'table', query: { kind: 'text', selection: selection.text }, ownText: selection.text });
    if (part !== undefined) this.showPart(part);
  }

  private showPart(part: string): void {
    switch (part) {
      case 'map': this.change({ page: 'features', list: 'map' }); return;
      case 'dictionary': case 'harvest': case 'train': this.change({ page: part }); return;
      case 'suggest':
        // The card may still be on its way.
        if (this.place.feature === undefined) this.notice = { text: t('Choose a feature first: its card says what a label would be about.'), failed: false };
        else this.suggesting = true;
        return;
      case 'labelAll': this.labelAll(); return;
      case 'import': case 'export': void this.exchange(part); return;
      case 'search': this.change({ page: 'features' }); void this.updateComplete.then(() => this.browser()?.focusSearch());
    }
  }

  /** Labels from statistics for all features; one that was stopped goes on. */
  private labelAll(): void {
    const { session } = this;
    const target = this.target();
    if (session?.dictionary === undefined || target === undefined) return;
    const request = labellingRequest(target);
    if (request === undefined || !session.context.trusted) {
      this.notice = { text: t('Labels are kept in the workspace: open a folder on disk, and trust it.'), failed: true };
      return;
    }
    session.channel.ask('panel.job.start', { id: labellingJob(session.dictionary), method: 'semantic.label.auto', params: { ...request } })
      .catch((error: unknown) => { this.notice = { text: failureText(error), failed: true }; });
  }

  private async exchange(what: 'import' | 'export', features?: readonly number[]): Promise<void> {
    const { session } = this;
    const target = this.target();
    if (session === undefined || target === undefined) return;
    this.notice = await exchange(session, target, what, features);
    if (what === 'import' && this.notice?.failed === false) this.reread();
  }

  private openSubject(subject: Subject): void {
    if (subject.feature !== undefined && subject.dictionary === this.session?.context.dictionary) {
      this.action = undefined;
      this.change({ feature: subject.feature, page: 'features' });
    } else void this.session?.channel.ask('panel.act', { action: 'open', subject });
  }

  /** The row that arrows are on: its card is read ahead. */
  private glance({ feature }: Subject): void {
    const target = this.target();
    if (target !== undefined && feature !== undefined) this.cards?.ahead(target, feature);
  }

  private reread(): void {
    this.cards?.clear();
    this.version++;
  }

  private change(change: Partial<Place>): void {
    if (this.notice?.failed === false) this.notice = undefined;
    this.place = { ...this.place, ...change };
    this.session?.keepPlace(this.place);
  }

  private labelEditor(): LabelEditor | null {
    return this.querySelector<LabelEditor>('mechanist-label');
  }

  private browser(): FeatureBrowser | null {
    return this.querySelector<FeatureBrowser>('mechanist-browser');
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event)) return;
    const act: Readonly<Record<string, () => void>> = {
      '/': () => this.browser()?.focusSearch(),
      '?': () => { this.help = !this.help; },
      'Escape': () => { if (this.help) this.help = false; else this.browser()?.focusTable(); },
      'd': () => this.change({ page: this.place.page === 'dictionary' ? 'features' : 'dictionary' }),
      'm': () => this.change({ list: this.place.list === 'map' ? 'table' : 'map' }),
      'e': () => this.labelEditor()?.edit(),
      'l': () => this.labelEditor()?.suggest('label'),
      'p': () => { if (this.place.feature !== undefined) void this.session?.channel.ask('panel.act', { action: 'paint', subject: this.subjectOf(this.place.feature) }); },
      '[': () => this.step(-1),
      ']': () => this.step(1),
    };
    const run = act[event.key];
    if (run === undefined) return;
    event.preventDefault();
    run();
  };

  private step(direction: 1 | -1): void {
    const { session } = this;
    const all = session?.model?.dictionaries ?? [];
    const next = all[all.findIndex((one) => one === session?.dictionary) + direction];
    if (next !== undefined) void session?.channel.ask('panel.useDictionary', { dictionary: next.dictionary });
  }
}
