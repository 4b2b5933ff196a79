/** The list of keys, opened by `?`. */
import { html } from 'lit';
import type { TemplateResult } from 'lit';
import { t } from '../strings.ts';

export interface Key {
  readonly keys: readonly string[];
  readonly does: string;
}

export function keyHelp(keys: readonly Key[], close: () => void): TemplateResult {
  const onKey = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape' && event.key !== '?') return;
    event.stopPropagation();
    close();
  };
  return html`<div class="overlay" @click=${close}>
    <div class="dialog" role="dialog" aria-modal="true" aria-labelledby="key-help" tabindex="-1" @click=${(event: Event) => event.stopPropagation()} @keydown=${onKey}>
      <h2 id="key-help">${t('Keys')}</h2>
      <dl>${keys.map(({ keys: names, does }) => html`<div><dt>${names.map((name) => html`<kbd>${name}</kbd> `)}</dt><dd>${does}</dd></div>`)}</dl>
      <vscode-button autofocus @click=${close}>${t('Close')}</vscode-button>
    </div>
  </div>`;
}
