/** The list of keys, opened by `?`. */
import { html } from 'lit';
import type { TemplateResult } from 'lit';
import { ref } from 'lit/directives/ref.js';
import { t } from '../strings.ts';

export interface Key {
  readonly keys: readonly string[];
  readonly does: string;
}

export function keyHelp(keys: readonly Key[], close: () => void): TemplateResult {
  const onKey = (event: KeyboardEvent): void => {
    event.stopPropagation();
    if (event.key === 'Escape' || event.key === '?') close();
    if (event.key !== 'Tab') return;
    // The button is all there is to reach.
    event.preventDefault();
    (event.currentTarget as HTMLElement).querySelector<HTMLElement>('vscode-button')?.focus();
  };
  return html`<div class="overlay" @click=${close}>
    <div class="dialog" role="dialog" aria-modal="true" aria-labelledby="key-help" tabindex="-1" ${ref(takeFocus)} @click=${(event: Event) => event.stopPropagation()} @keydown=${onKey}>
      <h2 id="key-help">${t('Keys')}</h2>
      <dl>${keys.map(({ keys: names, does }) => html`<div><dt>${names.map((name) => html`<kbd>${name}</kbd> `)}</dt><dd>${does}</dd></div>`)}</dl>
      <vscode-button @click=${close}>${t('Close')}</vscode-button>
    </div>
  </div>`;
}

/** What had the focus when the list was opened. */
let before: Element | null = null;

/** The dialog takes the focus once it is in the document, and gives it back when it goes. */
function takeFocus(dialog: Element | undefined): void {
  if (dialog === undefined) {
    if (before instanceof HTMLElement) before.focus();
    before = null;
    return;
  }
  before = document.activeElement;
  queueMicrotask(() => (dialog as HTMLElement).focus());
}
