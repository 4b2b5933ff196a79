/** `<mechanist-question>`: why this token rather than that one, after this prompt; against which other prompt; over which pairs. */
import { html, nothing } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import { failureText } from '../../../src/protocol/failureText.ts';
import { caution, failure } from '../../shared/components/states.ts';
import { probabilityText, visibleToken } from '../../shared/notation.ts';
import { t } from '../../shared/strings.ts';
import { InquiryElement } from '../parts/inquiryElement.ts';
import { choice } from '../parts/work.ts';
import { alignmentView } from './alignmentView.ts';
import { answerText } from './answerText.ts';
import { pairsView } from './pairsView.ts';
import type { Pairs } from './pairs.ts';

export class QuestionBar extends InquiryElement {
  static override readonly properties = { ...InquiryElement.properties, problem: { state: true }, pairs: { attribute: false } };
  declare private problem: string | undefined;
  declare pairs: Pairs;

  constructor() {
    super();
    this.problem = undefined;
  }

  override render(): TemplateResult {
    return html`<section class="question" aria-label=${t('Question')}>
      ${this.answers()}
      <div class="row">
        <textarea id="prompt" rows="2" aria-label=${t('Prompt')} placeholder=${t('Type a prompt: what comes next is the question.')} .value=${this.inquiry.question.text}
          @input=${(event: Event) => this.inquiry.type((event.currentTarget as HTMLTextAreaElement).value)}></textarea>
        <span class="column">
          <vscode-button secondary @click=${() => this.attempt(async () => this.pairs.fromEditor())}>${t('From editor')}</vscode-button>
          <vscode-button secondary @click=${() => this.attempt(async () => { await this.pairs.choose(); return undefined; })}>${t('Pair file…')}</vscode-button>
        </span>
      </div>
      ${this.corrupted()}
      ${pairsView(this.inquiry, this.pairs)}
      ${this.state()}
    </section>`;
  }

  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    const { pairs } = this.inquiry.question;
    if (pairs !== undefined && this.pairs.file.state.kind === 'idle' && this.inquiry.session.model !== undefined) void this.pairs.read(pairs.path);
  }

  private answers(): TemplateResult {
    const { question, suggestions } = this.inquiry;
    const difference = question.metric === 'logit_diff';
    const predictions = suggestions.value?.predictions ?? [];
    const distractors = suggestions.value?.distractors ?? [];
    const input = (role: 'target' | 'distractor', label: string): TemplateResult => html`<input type="text" class="answer word" list="${role}-list" aria-label=${label}
      .value=${question[role] === undefined ? '' : visibleToken(question[role].token)}
      @focus=${(event: FocusEvent) => (event.currentTarget as HTMLInputElement).select()}
      @change=${(event: Event) => this.take(role, (event.currentTarget as HTMLInputElement).value)}>
      <datalist id="${role}-list">${(role === 'target' ? predictions : distractors).map(({ token, probability }) => html`<option value=${visibleToken(token)}>${probabilityText(probability)}</option>`)}</datalist>`;
    return html`<div class="row sentence">
      <span>${t('Why')}</span>${question.metric === 'kl' ? html`<em>${t('this prediction')}</em>` : input('target', t('Target token'))}
      ${difference ? html`<span>${t('rather than')}</span>${input('distractor', t('Distractor token'))}` : nothing}
      <span>${t('after the prompt')}</span>
      <span class="spacer-grow"></span>
      ${choice(t('measured as'), question.metric, [
        { value: 'logit_diff', label: t('logit difference') }, { value: 'log_prob', label: t('log-probability') }, { value: 'kl', label: t('KL divergence') },
      ], (metric) => this.inquiry.setMetric(metric))}
      ${this.models()}
    </div>`;
  }

  private models(): TemplateResult {
    const { session } = this.inquiry;
    const { models, model } = session.context;
    return html`${choice(t('model'), model ?? '', models.map(({ model: key, id }) => ({ value: key, label: id })), (key) => void session.channel.ask('panel.useModel', { model: key }))}
      <button class="icon-button codicon codicon-folder-opened" aria-label=${t('Open another model')} title=${t('Open another model')} @click=${() => void session.channel.ask('panel.openModel', {})}></button>`;
  }

  private corrupted(): TemplateResult | typeof nothing {
    const { inquiry } = this;
    const { question, suggestions } = inquiry;
    if (question.text === '') return nothing;
    const offers = suggestions.value?.corrupted ?? [];
    return html`<div class="row">
      <label class="choice grow"><span>${t('compared with')}</span><input type="text" id="corrupted" class="grow" .value=${question.corrupted} placeholder=${t('a prompt of the same length on which the answer is another')}
        @input=${(event: Event) => inquiry.typeCorrupted((event.currentTarget as HTMLInputElement).value)}></label>
      ${offers.length === 0 ? nothing : html`<select aria-label=${t('Suggested prompts to compare with')} @change=${(event: Event) => {
        const select = event.currentTarget as HTMLSelectElement;
        if (select.value !== '') void inquiry.setCorrupted(offers[Number(select.value)]!.text);
        select.value = '';
      }}>
        <option value="" selected>${t('suggest…')}</option>
        ${offers.map(({ from, to, metric, cleanMetric }, index) => html`<option value=${index}>${`${visibleToken(from)} → ${visibleToken(to)}  (${cleanMetric.toFixed(1)} → ${metric.toFixed(1)})`}</option>`)}
      </select>`}
    </div>${alignmentView(inquiry)}`;
  }

  private state(): unknown {
    const { suggestions, remark } = this.inquiry;
    return html`${this.problem === undefined ? nothing : caution(this.problem)}
      ${remark === undefined ? nothing : caution(remark)}
      ${suggestions.state.kind === 'failed' ? failure(suggestions.state.message, { label: t('Try again'), run: () => suggestions.retry() }) : nothing}
      <span class="only-heard" role="status">${suggestions.state.kind === 'loading' ? t('Reading the prompt…') : ''}</span>`;
  }

  private take(role: 'target' | 'distractor', typed: string): void {
    const found = this.inquiry.suggestions.value;
    const text = answerText(typed, [...(found?.predictions ?? []), ...(found?.distractors ?? [])]);
    if (text !== '') void this.attempt(async () => { await this.inquiry.answer(role, text); return undefined; });
  }

  private async attempt(run: () => Promise<string | undefined>): Promise<void> {
    try {
      this.problem = await run();
    } catch (error) {
      this.problem = failureText(error);
    }
  }
}
