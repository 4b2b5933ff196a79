/** Two prompts laid beside each other by token, so that it can be seen what differs. */
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import type { PromptToken } from '../../../src/protocol/methods/algorithmicResults.ts';
import { caution } from '../../shared/components/states.ts';
import { visibleToken } from '../../shared/notation.ts';
import { t } from '../../shared/strings.ts';
import type { Inquiry } from '../inquiry.ts';

export function alignmentView(inquiry: Inquiry): TemplateResult | typeof nothing {
  const { alignment, question, corrupted } = inquiry;
  if (corrupted.state.kind === 'failed') return caution(corrupted.state.message);
  const other = corrupted.value;
  if (alignment === undefined || other === undefined || question.corrupted === '') return nothing;
  const { differing, lengths } = alignment;
  if (differing === undefined) {
    const offer = inquiry.suggestions.value?.corrupted[0];
    return html`${caution(t('Not aligned: {0} tokens against {1}. Patching goes position by position, so both prompts need the same number.', ...lengths))}
      ${offer === undefined ? nothing : html`<vscode-button secondary @click=${() => void inquiry.setCorrupted(offer.text)}>${t('Use an aligned one: {0} → {1}', visibleToken(offer.from), visibleToken(offer.to))}</vscode-button>`}`;
  }
  if (differing.length === 0) return caution(t('Both prompts are the same tokens, so nothing can be traced between them.'));
  const marked = new Set(differing);
  return html`<div class="alignment">
    <span class="quiet"><span class="codicon codicon-check" aria-hidden="true"></span> ${t('aligned, {0} tokens, {1} differ', lengths[0], differing.length)}</span>
    ${row(inquiry.tokens, marked, t('Clean prompt'))}${row(other, marked, t('Corrupted prompt'))}
  </div>`;
}

function row(tokens: readonly PromptToken[], marked: ReadonlySet<number>, name: string): TemplateResult {
  return html`<div class="aligned" role="group" aria-label=${name}>${tokens.map(({ text }, position) => (marked.has(position) ? html`<mark title=${t('position {0}', position)}>${visibleToken(text)}</mark>` : html`<span class="word">${visibleToken(text)}</span>`))}</div>`;
}
