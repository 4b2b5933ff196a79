/** Tokens of a text to choose from: a single tab stop, arrows move. */
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import type { StripToken } from '../heat.ts';
import { movedSelection } from '../roving.ts';
import { PageElement } from '../element.ts';

/** `detail` is the index of the token. `token-open` asks to go there in the editor. */
export type TokenEvent = CustomEvent<number>;

export class TokenStrip extends PageElement {
  static override readonly properties = { tokens: { attribute: false }, label: { attribute: false } };
  declare tokens: readonly StripToken[];
  /** Name for screen readers, translated. */
  declare label: string;

  constructor() {
    super();
    this.tokens = [];
    this.label = '';
  }

  override render(): TemplateResult {
    return html`<div class="strip" role="listbox" aria-orientation="horizontal" aria-label=${this.label} @keydown=${this.onKey}>
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
