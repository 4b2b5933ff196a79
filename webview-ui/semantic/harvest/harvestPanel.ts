/** Harvesting a corpus: which texts, progress in place, cancel and continue; and the stores there are. */
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { failureText } from '../../../src/protocol/failureText.ts';
import type { DictionarySummary } from '../../../src/protocol/methods.ts';
import type { StoreSummary } from '../../../src/protocol/methods/semanticResults.ts';
import type { PanelJob } from '../../../src/protocol/views/panel.ts';
import { progressLine } from '../../shared/components/progress.ts';
import { failure } from '../../shared/components/states.ts';
import { PageElement } from '../../shared/element.ts';
import { SessionController } from '../../shared/session.ts';
import type { Session } from '../../shared/session.ts';
import { t } from '../../shared/strings.ts';
import { harvestJob, harvestRequest, harvestText, isHarvestProgress, storeText } from '../model/harvest.ts';
import type { Place } from '../model/place.ts';

export class HarvestPanel extends PageElement {
  static override readonly properties = { session: { attribute: false }, dictionary: { attribute: false }, stores: { attribute: false }, used: { attribute: false }, files: { state: true }, limit: { state: true }, problem: { state: true } };
  declare session: Session | undefined;
  declare dictionary: DictionarySummary | undefined;
  declare stores: readonly StoreSummary[];
  /** The store that is shown. */
  declare used: string | undefined;
  declare private files: readonly string[];
  declare private limit: string;
  declare private problem: string | undefined;

  constructor() {
    super();
    this.session = undefined;
    this.dictionary = undefined;
    this.stores = [];
    this.used = undefined;
    this.files = [];
    this.limit = '';
    this.problem = undefined;
    new SessionController(this, () => this.session);
  }

  override render(): TemplateResult | typeof nothing {
    const { session, dictionary } = this;
    if (session?.model === undefined || dictionary === undefined) return nothing;
    const job = session.job(harvestJob(dictionary));
    return html`<article class="card"><header><h2>${t('Harvest a corpus')}</h2>
      <p class="quiet">${t('Runs texts through {0} and keeps, for each feature of {1}, where it fires. What is done can be looked at while the rest runs.', session.model.id, dictionary.id)}</p></header>
      ${job === undefined || job.state !== 'running' ? this.form(session, dictionary) : nothing}
      ${job === undefined ? nothing : jobLine(session, job)}
      ${job?.state === 'done' ? html`<p class="row" role="status">${t('The harvest is done.')} <vscode-button @click=${() => this.change({ page: 'features' })}>${t('Look at the features')}</vscode-button></p>` : nothing}
      ${this.problem === undefined ? nothing : failure(this.problem)}
      <section><h3>${t('What has been harvested')}</h3>${this.list()}</section></article>`;
  }

  private form(session: Session, dictionary: DictionarySummary): TemplateResult {
    const { folders, trusted } = session.context;
    if (!trusted || folders === undefined) return html`<p class="quiet">${t('A harvest is written into the workspace: open a folder on disk, and trust it.')}</p>`;
    return html`<form class="fields" @submit=${(event: Event) => { event.preventDefault(); void this.start(session, dictionary, folders.stores); }}>
      <span>${t('texts')}</span><div><span>${this.files.length === 0 ? t('the texts that come with the model') : this.files.map((file) => file.split(/[\\/]/).at(-1)).join(', ')}</span>
        <vscode-button secondary @click=${() => void this.pick(session)}>${t('Choose files…')}</vscode-button>${this.files.length === 0 ? nothing : html` <vscode-button secondary @click=${() => { this.files = []; }}>${t('Bundled texts')}</vscode-button>`}</div>
      <label for="harvest-limit">${t('at most')}</label><div><input id="harvest-limit" type="text" inputmode="numeric" placeholder=${t('all')} .value=${this.limit} @input=${(event: Event) => { this.limit = (event.target as HTMLInputElement).value; }}> <span class="quiet">${t('tokens')}</span></div>
      <span></span><div><vscode-button @click=${() => void this.start(session, dictionary, folders.stores)}>${t('Start harvest')}</vscode-button></div>
    </form>`;
  }

  private list(): TemplateResult {
    if (this.stores.length === 0) return html`<p class="quiet">${t('Nothing yet.')}</p>`;
    return html`<ul class="stores">${this.stores.map((store) => html`<li><label><input type="radio" name="store" .checked=${store.store === this.used} @change=${() => this.change({ store: store.store })}>${storeText(store)} ${store.bundled ? html`<span class="quiet">${t('comes with the model')}</span>` : html`<span class="quiet">${store.store}</span>`}</label></li>`)}</ul>`;
  }

  private async start(session: Session, dictionary: DictionarySummary, folder: string): Promise<void> {
    const limit = this.limit.replace(/[,_\s]/g, '');
    if (limit !== '' && !/^[1-9]\d{0,8}$/.test(limit)) {
      this.problem = t('The number of tokens is a whole number from 1.');
      return;
    }
    try {
      await session.channel.ask('panel.job.start', { id: harvestJob(dictionary), method: 'semantic.harvest', params: { ...harvestRequest(session.model!.model, dictionary, folder, this.files, limit === '' ? undefined : Number(limit)) } });
      this.problem = undefined;
    } catch (error) {
      this.problem = failureText(error);
    }
  }

  private change(change: Partial<Place>): void {
    this.dispatchEvent(new CustomEvent('place-change', { detail: change, bubbles: true }));
  }

  private async pick(session: Session): Promise<void> {
    const files = await session.channel.ask('panel.pick', { what: 'filesOrFolders', title: t('Texts to harvest') });
    if (files.length > 0) this.files = files;
  }
}

/** A harvest in one line, where its features will be. */
export function jobLine(session: Session, job: PanelJob): TemplateResult | typeof nothing {
  const { progress } = job;
  const again = (): void => void session.channel.ask('panel.job.start', { id: job.id, method: job.method, params: { ...job.params } });
  switch (job.state) {
    case 'running': return progressLine(isHarvestProgress(progress) ? {
      what: harvestText(progress), share: progress.of > 0 ? progress.done / progress.of : undefined,
      note: progress.tokensPerSecond > 0 ? t('{0} tokens/s', Math.round(progress.tokensPerSecond).toLocaleString('en')) : undefined, cancel: () => void session.channel.ask('panel.job.cancel', { id: job.id }),
    } : { what: t('Preparing the harvest…'), share: undefined, cancel: () => void session.channel.ask('panel.job.cancel', { id: job.id }) });
    case 'cancelled': return html`<div class="progress-line"><span>${t('Stopped. What is finished is kept.')}</span><vscode-button @click=${again}>${t('Continue')}</vscode-button></div>`;
    case 'failed': return failure(job.message ?? '', { label: t('Continue'), run: again });
    case 'done': return nothing;
  }
}
