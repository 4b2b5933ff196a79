/** A label that somebody suggests, or a judge for the label there is: statistics, a language model of VS Code, or the local endpoint. */
import { html, nothing } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import { failureText } from '../../../src/protocol/failureText.ts';
import type { FeatureCard } from '../../../src/protocol/methods/semanticResults.ts';
import { progressLine } from '../../shared/components/progress.ts';
import { failure } from '../../shared/components/states.ts';
import { PageElement } from '../../shared/element.ts';
import { Resource } from '../../shared/resource.ts';
import type { Session } from '../../shared/session.ts';
import { t } from '../../shared/strings.ts';
import { iconButton } from '../browser/featureBrowser.ts';
import { reasons } from '../model/card.ts';
import { keepSuggestion, suggestLabel, writingLine } from '../model/suggestion.ts';
import type { Suggestion, Suggester, SuggestionTask } from '../model/suggestion.ts';
import type { Target } from '../model/place.ts';

/** `label-change`: a label or its score was written. */
export class LabelSuggestion extends PageElement {
  static override readonly properties = { session: { attribute: false }, target: { attribute: false }, card: { attribute: false }, task: { state: true }, by: { state: true }, problem: { state: true } };
  declare session: Session | undefined;
  declare target: Target | undefined;
  declare card: FeatureCard | undefined;
  /** What is wanted; undefined while nothing is. */
  declare private task: SuggestionTask | undefined;
  declare private by: Suggester | undefined;
  declare private problem: string | undefined;
  private readonly found = new Resource<Suggestion | undefined>(this);

  constructor() {
    super();
    this.session = undefined;
    this.target = undefined;
    this.card = undefined;
    this.task = undefined;
    this.by = undefined;
    this.problem = undefined;
  }

  /** Offers the ways to a label, or with `test` the judges of the one there is. */
  ask(task: SuggestionTask): void {
    this.close();
    this.task = task;
    void this.updateComplete.then(() => this.querySelector<HTMLElement>('vscode-button')?.focus());
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has('card') && (changed.get('card') as FeatureCard | undefined)?.subject !== this.card?.subject) this.close();
  }

  override render(): TemplateResult | typeof nothing {
    const { task, card } = this;
    if (task === undefined || card === undefined) return nothing;
    return html`<div class="suggestion" role="group" aria-label=${task === 'label' ? t('Suggest a label') : t('Test the label')} @keydown=${this.onKey}>
      ${this.content(task)}
      ${this.problem === undefined ? nothing : html`<p class="problem" role="alert">${this.problem}</p>`}
    </div>`;
  }

  private content(task: SuggestionTask): TemplateResult {
    const { state } = this.found;
    switch (state.kind) {
      case 'idle': return this.choices(task);
      case 'loading': return progressLine({ ...writingLine(state.progress, this.by), cancel: () => this.found.reset() });
      case 'failed': return html`${failure(state.message)}
        <div class="row">${this.button(t('Try again'), () => this.found.retry())}${this.by === 'endpoint' ? this.button(t('Open the setting'), () => void this.session?.channel.ask('panel.openSetting', { name: 'labels.endpoint' })) : nothing}${this.button(t('Another way'), () => this.found.reset())}${this.closing()}</div>`;
      case 'ready': return this.result(task, state.value);
    }
  }

  private choices(task: SuggestionTask): TemplateResult {
    return html`<div class="row"><span class="quiet">${task === 'label' ? t('Suggest a label') : t('Test the label on held-out examples')}</span>
      ${task === 'label' ? this.button(t('From statistics'), () => this.run('statistics')) : nothing}
      ${this.button(t('With a language model…'), () => this.run('languageModel'))}
      ${this.button(t('From the local endpoint'), () => this.run('endpoint'))}${this.closing()}</div>`;
  }

  private result(task: SuggestionTask, found: Suggestion | undefined): TemplateResult {
    if (found === undefined) return html`<div class="row"><span class="quiet">${t('There are too few examples to say anything.')}</span>${this.button(t('Another way'), () => this.found.reset())}${this.closing()}</div>`;
    const { label, writer, score, wrong, unanswered } = found;
    return html`<p class="suggested"><span class="codicon codicon-lightbulb" aria-hidden="true"></span> <strong>${label}</strong> <span class="quiet">${writer === undefined ? t('from statistics') : task === 'label' ? t('by {0}', writer) : t('judged by {0}', writer)}</span></p>
      <ul>${reasons(score, undefined).map(({ text, control, holds }) => html`<li><span class="codicon codicon-${holds ? 'check' : 'circle-slash'}" aria-hidden="true"></span> ${text} <span class="control">(${control})</span>${holds ? nothing : html` <span class="quiet">${t('not clearly better than its control')}</span>`}</li>`)}</ul>
      ${wrong === undefined ? nothing : html`<p class="control">${t('wrong label: “{0}”', wrong)}${unanswered === 0 ? nothing : html` · ${t('{0} questions not answered as asked, counted as chance', unanswered)}`}</p>`}
      <div class="row">${this.mayWrite() ? html`<vscode-button @click=${() => void this.keep(task, found)}>${task === 'label' ? t('Use it') : t('Keep the score')}</vscode-button>` : nothing}${this.button(t('Another way'), () => this.found.reset())}${this.closing()}</div>`;
  }

  private button(label: string, run: () => void): TemplateResult {
    return html`<vscode-button secondary @click=${run}>${label}</vscode-button>`;
  }

  private closing(): TemplateResult {
    return iconButton('close', t('Close'), () => this.close());
  }

  private run(by: Suggester): void {
    const { session, target, card, task } = this;
    if (session === undefined || target === undefined || card === undefined) return;
    this.by = by;
    void this.found.load((signal, onProgress) => suggestLabel(session.channel, target, card.row.feature, by, task === 'test' ? card.row.label?.label : undefined, { signal, onProgress }));
  }

  private async keep(task: SuggestionTask, found: Suggestion): Promise<void> {
    const { session, target, card } = this;
    if (session === undefined || target === undefined || card === undefined) return;
    try {
      await keepSuggestion(session.channel, target, card.row.feature, task, found);
      this.close();
      this.dispatchEvent(new CustomEvent('label-change', { bubbles: true }));
    } catch (error) {
      this.problem = failureText(error);
    }
  }

  private mayWrite(): boolean {
    return this.session?.context.trusted === true && this.target?.labels !== undefined;
  }

  private close(): void {
    this.task = undefined;
    this.problem = undefined;
    this.found.reset();
  }

  private onKey(event: KeyboardEvent): void {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    this.close();
  }
}
