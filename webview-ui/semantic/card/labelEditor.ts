/** The label of a feature: read, written, and who made it. */
import { html, nothing } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import { failureText } from '../../../src/protocol/failureText.ts';
import type { FeatureLabel } from '../../../src/protocol/methods/labelResults.ts';
import type { FeatureCard } from '../../../src/protocol/methods/semanticResults.ts';
import { PageElement } from '../../shared/element.ts';
import { visibleLabel } from '../../shared/notation.ts';
import type { Session } from '../../shared/session.ts';
import { t } from '../../shared/strings.ts';
import { iconButton } from '../browser/featureBrowser.ts';
import type { SuggestionTask } from '../model/suggestion.ts';
import type { Target } from '../model/place.ts';
import type { LabelSuggestion } from './labelSuggestion.ts';

/** `label-change`: labels were written; lists and cards are to be read again. */
export class LabelEditor extends PageElement {
  static override readonly properties = { session: { attribute: false }, target: { attribute: false }, card: { attribute: false }, editing: { state: true }, problem: { state: true } };
  declare session: Session | undefined;
  declare target: Target | undefined;
  declare card: FeatureCard | undefined;
  declare private editing: boolean;
  declare private problem: string | undefined;

  constructor() {
    super();
    this.session = undefined;
    this.target = undefined;
    this.card = undefined;
    this.editing = false;
    this.problem = undefined;
  }

  edit(): void {
    if (this.mayWrite()) this.editing = true;
  }

  /** Offers ways to a label, or judges of the one there is. */
  suggest(task: SuggestionTask): void {
    this.querySelector<LabelSuggestion>('mechanist-suggestion')?.ask(task);
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (!changed.has('card') || (changed.get('card') as FeatureCard | undefined)?.subject === this.card?.subject) return;
    this.editing = false;
    this.problem = undefined;
  }

  protected override updated(changed: PropertyValues): void {
    if (changed.has('editing') && this.editing) this.querySelector<HTMLInputElement>('input')?.focus();
  }

  override render(): TemplateResult | typeof nothing {
    const label = this.card?.row.label;
    if (this.card === undefined) return nothing;
    return html`${this.editing ? this.field(label) : html`<h2 class="label" title=${visibleLabel(label?.label ?? '')}>${label === undefined ? html`<span class="quiet">${t('no label')}</span>` : visibleLabel(label.label)}</h2>${author(label)}
        ${this.mayWrite() ? iconButton('edit', t('Edit the label (e)'), () => this.edit()) : nothing}
        ${iconButton('lightbulb', t('Suggest a label (l)'), () => this.suggest('label'))}
        ${label === undefined || label.author === 'statistics' ? nothing : iconButton('law', t('Test the label on held-out examples'), () => this.suggest('test'))}`}
      <mechanist-suggestion .session=${this.session} .target=${this.target} .card=${this.card}></mechanist-suggestion>
      ${this.problem === undefined ? nothing : html`<p class="problem" role="alert">${this.problem}</p>`}`;
  }

  private field(label: FeatureLabel | undefined): TemplateResult {
    return html`<form class="label-form" @submit=${(event: Event) => { event.preventDefault(); this.save(); }} @keydown=${this.onKey}>
      <input type="text" aria-label=${t('Label')} maxlength="1000" .value=${label?.label ?? ''}>
      <vscode-button @click=${() => this.save()}>${t('Save')}</vscode-button>
      <vscode-button secondary @click=${() => { this.editing = false; }}>${t('Cancel')}</vscode-button>
    </form>`;
  }

  private mayWrite(): boolean {
    return this.session?.context.trusted === true && this.session.context.folders !== undefined;
  }

  private save(): void {
    void this.write(this.querySelector<HTMLInputElement>('.label-form input')?.value.trim() ?? '');
  }

  private async write(label: string): Promise<void> {
    const { session, target, card } = this;
    const folder = session?.context.folders?.labels;
    if (session === undefined || target === undefined || card === undefined || folder === undefined) return;
    try {
      await session.channel.call('semantic.label.set', { model: target.model, dictionary: target.dictionary, labels: folder, feature: card.row.feature, label: label === '' ? null : label });
      this.problem = undefined;
      this.editing = false;
      this.dispatchEvent(new CustomEvent('label-change', { bubbles: true }));
    } catch (error) {
      this.problem = failureText(error);
    }
  }

  private onKey(event: KeyboardEvent): void {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    this.editing = false;
  }
}

function author(label: FeatureLabel | undefined): TemplateResult | typeof nothing {
  switch (label?.author) {
    case undefined: return nothing;
    case 'hand': return html`<span class="quiet">${t('by hand')}</span>`;
    case 'statistics': return html`<span class="quiet">${t('from statistics')}</span>`;
    case 'model': return html`<span class="quiet">${t('by {0}', label?.model ?? t('a language model'))}</span>`;
    case 'imported': return html`<span class="quiet">${t('imported')}</span>`;
  }
}
