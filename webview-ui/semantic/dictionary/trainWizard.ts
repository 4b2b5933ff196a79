/** Training a dictionary here: what on, how, live curves, early stop. */
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import type { TrainResult } from '../../../src/protocol/methods/semanticResults.ts';
import type { PanelJob } from '../../../src/protocol/views/panel.ts';
import { failureText } from '../../../src/protocol/failureText.ts';
import { progressLine } from '../../shared/components/progress.ts';
import { emptyState, failure } from '../../shared/components/states.ts';
import { PageElement } from '../../shared/element.ts';
import { SessionController } from '../../shared/session.ts';
import type { Session } from '../../shared/session.ts';
import { t } from '../../shared/strings.ts';
import { architectures, choosesCount, curveChart, firstForm, formProblems, isTrainProgress, trainRequest, trainableHooks } from '../model/train.ts';
import type { Architecture, Curve, TrainForm } from '../model/train.ts';

const jobId = 'train';
const curves: readonly Curve[] = ['loss', 'fvu', 'l0', 'dead'];

export class TrainWizard extends PageElement {
  static override readonly properties = { session: { attribute: false }, form: { state: true }, tried: { state: true }, problem: { state: true } };
  declare session: Session | undefined;
  declare private form: TrainForm | undefined;
  declare private tried: boolean;
  declare private problem: string | undefined;

  constructor() {
    super();
    this.session = undefined;
    this.form = undefined;
    this.tried = false;
    this.problem = undefined;
    new SessionController(this, () => this.session);
  }

  override render(): TemplateResult | typeof nothing {
    const { session } = this;
    if (session?.model === undefined) return nothing;
    const job = session.job(jobId);
    return html`<article class="card"><header><h2>${t('Train a dictionary')}</h2><p class="quiet">${t('Learns features of {0} from texts, on this machine.', session.model.id)}</p></header>
      ${job === undefined ? this.formPart(session) : this.jobPart(session, job)}</article>`;
  }

  private formPart(session: Session): TemplateResult {
    if (!session.context.trusted || session.context.folders === undefined) return emptyState(t('A dictionary is written into the workspace: open a folder on disk, and trust it.'));
    const form = this.form ?? firstForm(session.model!);
    const problems = this.tried ? formProblems(form) : [];
    const set = (change: Partial<TrainForm>): void => { this.form = { ...form, ...change }; };
    const field = (id: 'latents' | 'k' | 'sparsity' | 'steps', label: string, hint: string): TemplateResult => {
      const problem = problems.find((one) => one.field === id)?.message;
      return html`<label for="train-${id}">${label}</label><div><input id="train-${id}" type="text" inputmode="numeric" .value=${form[id]} aria-invalid=${problem !== undefined} aria-describedby="train-${id}-hint" @input=${(event: Event) => set({ [id]: (event.target as HTMLInputElement).value })}> <span id="train-${id}-hint" class=${problem === undefined ? 'quiet' : 'problem'}>${problem ?? hint}</span></div>`;
    };
    return html`<form class="fields" @submit=${(event: Event) => { event.preventDefault(); this.start(session, form); }}>
      <label for="train-hook">${t('hook point')}</label><div><select id="train-hook" @change=${(event: Event) => set({ hook: (event.target as HTMLSelectElement).value })}>${trainableHooks(session.model!).map((hook) => html`<option ?selected=${hook === form.hook}>${hook}</option>`)}</select>${problems.filter((one) => one.field === 'hook').map(({ message }) => html` <span class="problem" role="alert">${message}</span>`)}</div>
      <label for="train-architecture">${t('architecture')}</label><div><select id="train-architecture" @change=${(event: Event) => set({ architecture: (event.target as HTMLSelectElement).value as Architecture })}>${architectures.map((name) => html`<option ?selected=${name === form.architecture}>${name}</option>`)}</select></div>
      ${field('latents', t('features'), t('a multiple of the width, {0}', session.model!.width ?? '?'))}
      ${choosesCount(form.architecture) ? field('k', t('features per token'), t('L0')) : field('sparsity', t('sparsity coefficient'), t('larger: fewer features per token'))}
      ${field('steps', t('steps'), t('of 1,024 tokens each'))}
      <span>${t('texts')}</span><div><span>${form.files.length === 0 ? t('the texts that come with the model') : form.files.map((file) => file.split(/[\\/]/).at(-1)).join(', ')}</span>
        <vscode-button secondary @click=${() => void this.pickFiles(session, set)}>${t('Choose files…')}</vscode-button>${form.files.length === 0 ? nothing : html` <vscode-button secondary @click=${() => set({ files: [] })}>${t('Bundled texts')}</vscode-button>`}</div>
      <span></span><div><vscode-button @click=${() => this.start(session, form)}>${t('Start training')}</vscode-button></div>
    </form>${this.problem === undefined ? nothing : failure(this.problem)}`;
  }

  private jobPart(session: Session, job: PanelJob): TemplateResult {
    const history = job.history.filter(isTrainProgress);
    const last = isTrainProgress(job.progress) ? job.progress : history.at(-1);
    const again = { label: t('Back to the form'), run: (): void => void session.channel.ask('panel.job.dismiss', { id: jobId }) };
    const line = ((): TemplateResult => {
      switch (job.state) {
        case 'running': return html`${progressLine({
          what: last === undefined ? t('Preparing…') : t('Step {0} of {1}', last.step.toLocaleString('en'), last.steps.toLocaleString('en')), share: last === undefined ? undefined : last.step / last.steps,
          note: last === undefined ? undefined : t('{0} tokens/s', Math.round(last.tokensPerSecond).toLocaleString('en')), cancel: () => void session.channel.ask('panel.job.cancel', { id: jobId }),
        })}<vscode-button @click=${() => void this.stopEarly(session, job)}>${t('Stop and keep')}</vscode-button>`;
        case 'done': return this.done(session, job.result as TrainResult, again);
        case 'cancelled': return emptyState(t('Cancelled; nothing was kept.'), again);
        case 'failed': return failure(job.message ?? '', again);
      }
    })();
    return html`${line}${history.length < 2 ? nothing : html`<div class="parts">${curves.map((curve) => html`<section><mechanist-chart .spec=${curveChart(history, curve)}></mechanist-chart></section>`)}</div>`}`;
  }

  private done(session: Session, result: TrainResult, again: { readonly label: string; readonly run: () => void }): TemplateResult {
    return html`<p role="status">${result.stoppedEarly ? t('Stopped after {0} steps and kept.', result.steps.toLocaleString('en')) : t('Trained in {0} steps.', result.steps.toLocaleString('en'))} <span class="quiet">${result.folder}</span></p>
      <vscode-button @click=${() => void this.look(session, result)}>${t('Look at its features')}</vscode-button> <vscode-button secondary @click=${again.run}>${again.label}</vscode-button>`;
  }

  /** Its features have fired on nothing yet: the page of features says how to go on. */
  private async look({ channel }: Session, { folder }: TrainResult): Promise<void> {
    await channel.ask('panel.addDictionary', { path: folder });
    this.dispatchEvent(new CustomEvent('place-change', { detail: { page: 'features', feature: undefined, store: undefined }, bubbles: true }));
  }

  private start(session: Session, form: TrainForm): void {
    this.tried = true;
    this.form = form;
    if (formProblems(form).length > 0 || session.context.folders === undefined) return;
    const name = `${form.hook}-${form.architecture}-${form.latents}-${Date.now().toString(36)}`;
    const { model } = session.model!;
    session.channel.ask('panel.job.start', { id: jobId, method: 'semantic.train', params: { ...trainRequest(form, model, name, session.context.folders.dictionaries) } })
      .then(() => { this.problem = undefined; }, (error: unknown) => { this.problem = failureText(error); });
  }

  /** The engine knows the training by the name it was started with. */
  private async stopEarly(session: Session, job: PanelJob): Promise<void> {
    await session.channel.call('semantic.train.stop', { job: String(job.params.job) });
  }

  private async pickFiles(session: Session, set: (change: Partial<TrainForm>) => void): Promise<void> {
    const files = await session.channel.ask('panel.pick', { what: 'filesOrFolders', title: t('Texts to train on') });
    if (files.length > 0) set({ files });
  }
}
