/** `<mechanist-overview>`: what the model predicts here, where it forms, what writes it, and what to ask next. */
import { html, nothing } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import type { QuestionSuggestions } from '../../../src/protocol/methods/algorithmicResults.ts';
import { barRows } from '../../shared/components/bars.ts';
import { emptyState } from '../../shared/components/states.ts';
import { probabilityText, visibleToken } from '../../shared/notation.ts';
import { t } from '../../shared/strings.ts';
import { attributionView } from '../lens/attributionView.ts';
import type { LensWork } from '../lens/lensWork.ts';
import { layerChart } from '../lens/viewModel.ts';
import { InquiryElement } from '../parts/inquiryElement.ts';
import { memo } from '../parts/memo.ts';
import { drawWork, purpose } from '../parts/work.ts';
import type { TabId } from '../place.ts';

export class OverviewTab extends InquiryElement {
  static override readonly properties = { ...InquiryElement.properties, lens: { attribute: false } };
  declare lens: LensWork;
  private readonly lines = memo(layerChart);

  override render(): TemplateResult {
    const { inquiry, lens } = this;
    return html`${purpose(t('What does the model predict here, and where does that come from?'), t('A first look: what writes the answer directly and where it forms. Only patching and circuits test it.'), t('the same parts on the other prompt.'))}
      ${inquiry.question.text === '' ? emptyState(t('Type a prompt above, take the one at the cursor with “From editor”, or open a file of prompt pairs. The model’s own top predictions become the question.'), this.example())
        : html`<div class="two">
          <section aria-label=${t('Predictions')}><h2>${t('What comes next?')}</h2>${drawWork(inquiry.suggestions, { loading: t('Reading the prompt…'), draw: (value) => this.predictions(value) })}</section>
          <section aria-label=${t('Lens')}><h2>${t('Where does it form?')}</h2>${drawWork(lens.grid, {
            loading: t('Reading every layer…'), draw: (grid) => html`<mechanist-chart .spec=${this.lines(grid, lens.tuned.value, grid.tokens.length - 1, 'probability')}></mechanist-chart>`,
          })}</section>
          ${attributionView(inquiry, lens, 10)}
          ${this.next()}
        </div>`}`;
  }

  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    this.lens.ensure('grid');
    this.lens.ensure('attribution');
  }

  /** For whoever sees this for the first time: who is given the book, beside the same sentence with the other giver. */
  private example(): { readonly label: string; readonly run: () => void } | undefined {
    const { inquiry } = this;
    return inquiry.session.model?.hasTokenizer === true ? { label: t('Try an example'), run: () => void inquiry.ask({ clean: exampleOf('John'), corrupted: exampleOf('Mary') }) } : undefined;
  }

  private predictions({ predictions, corrupted }: QuestionSuggestions): TemplateResult {
    const { question } = this.inquiry;
    const shown = predictions.slice(0, 10);
    const marked = (id: number): string => (id === question.target?.id ? ` ◀ ${t('target')}` : id === question.distractor?.id ? ` ◁ ${t('distractor')}` : '');
    return html`${barRows(shown.map(({ token, id, probability }) => ({ label: html`<span class="word">${visibleToken(token)}</span>${marked(id)}`, value: probability, text: probabilityText(probability) })), {
      name: t('Predictions'), columns: { label: t('token'), value: t('probability') },
    })}
    ${question.corrupted === '' && corrupted[0] !== undefined ? html`<p>${t('Changing one word changes the answer most:')} <vscode-button secondary @click=${() => void this.inquiry.setCorrupted(corrupted[0]!.text)}>${visibleToken(corrupted[0].from)} → ${visibleToken(corrupted[0].to)}</vscode-button></p>` : nothing}`;
  }

  private next(): TemplateResult {
    const link = (tab: TabId, question: string): TemplateResult => html`<li><button class="link" @click=${() => this.inquiry.showTab(tab)}>${question}</button></li>`;
    return html`<section aria-label=${t('Next')}><h2>${t('What to ask next')}</h2><ul class="next">
      ${link('patching', t('Where does the difference between the two prompts travel?'))}
      ${link('circuit', t('Which edges carry it, and is that circuit better than a random one?'))}
      ${link('graph', t('Which features lead to it, through which others?'))}
      ${link('attention', t('Which heads move it, and what do they look at?'))}
    </ul></section>`;
  }
}

const exampleOf = (giver: string): string => `When Mary and John went to the market, ${giver} gave a book to`;
