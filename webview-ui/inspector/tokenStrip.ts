/** The tokens of the text around the cursor as one row of buttons: a single tab stop, arrows move. */
import { LitElement, html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { t } from '../shared/strings.ts';
import { movedSelection } from './viewModel.ts';
import type { StripToken } from './viewModel.ts';

/** `detail` is the index of the token. `token-open` asks to go there in the editor. */
export type TokenEvent = CustomEvent<number>;

export class TokenStrip extends LitElement {
  static override readonly properties = { tokens: { attribute: false } };
  declare tokens: readonly StripToken[];

  constructor() {
    super();
    this.tokens = [];
  }

  override render(): TemplateResult {
    return html`<div class="strip" role="listbox" aria-orientation="horizontal" aria-label=${t('Tokens')} @keydown=${this.onKey}>
      ${this.tokens.map((token, index) => html`<span
        role="option"
        class="token level-${token.level}"
        aria-selected=${token.selected}
        aria-label=${token.value === '' ? token.label : `${token.label}, ${token.value}`}
        tabindex=${token.selected ? 0 : -1}
        title=${token.value}
        @click=${() => this.tell('token-select', index)}
        @dblclick=${() => this.tell('token-open', index)}
      >${token.label}</span>${token.breaks ? html`<br>` : nothing}`)}
    </div>`;
  }

  protected override updated(): void {
    const selected = this.querySelector<HTMLElement>('[aria-selected=true]');
    selected?.scrollIntoView?.({ block: 'nearest' });
    if (this.contains(document.activeElement)) selected?.focus({ preventScroll: true });
  }

  /** Drawn without a shadow root, so that the page's style sheet applies. */
  protected override createRenderRoot(): this {
    return this;
  }

  private onKey(event: KeyboardEvent): void {
    const selected = this.tokens.findIndex((token) => token.selected);
    if (event.key === 'Enter') {
      this.tell('token-open', selected);
      return;
    }
    const next = movedSelection(event.key, selected, this.tokens.length);
    if (next === undefined) return;
    event.preventDefault();
    this.tell('token-select', next);
  }

  private tell(name: 'token-select' | 'token-open', index: number): void {
    this.dispatchEvent(new CustomEvent(name, { detail: index, bubbles: true }));
  }
}
