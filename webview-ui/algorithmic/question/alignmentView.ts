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
  const shown = shownPositions(lengths[0], differing);
  return html`<div class="alignment">
    <span class="quiet"><span class="codicon codicon-check" aria-hidden="true"></span> ${t('aligned, {0} tokens, {1} differ', lengths[0], differing.length)}</span>
    ${row(inquiry.tokens, shown, marked, t('Clean prompt'))}${row(other, shown, marked, t('Corrupted prompt'))}
  </div>`;
}

/** All positions of a short prompt; of a long one those around what differs. −1 stands for what is left out. */
export function shownPositions(length: number, differing: readonly number[]): number[] {
  const near = (position: number): boolean => length <= wholePrompt || differing.some((one) => Math.abs(one - position) <= around);
  const shown: number[] = [];
  for (let position = 0; position < length; position++) {
    if (near(position)) shown.push(position);
    else if (shown.at(-1) !== -1) shown.push(-1);
  }
  return shown;
}

const wholePrompt = 40;
const around = 6;

function row(tokens: readonly PromptToken[], shown: readonly number[], marked: ReadonlySet<number>, name: string): TemplateResult {
  return html`<div class="aligned" role="group" aria-label=${name}>${shown.map((position) => {
    if (position < 0) return html`<span class="quiet"> … </span>`;
    const text = visibleToken(tokens[position]!.text);
    return marked.has(position) ? html`<mark title=${t('position {0}', position)}>${text}</mark>` : html`<span class="word">${text}</span>`;
  })}</div>`;
}
