/** A job where its result will be: how far, how long still, and the button that ends it. */
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { t } from '../strings.ts';

export interface ProgressParts {
  readonly what: string;
  /** 0…1; undefined while nobody knows. */
  readonly share: number | undefined;
  readonly note?: string | undefined;
  readonly cancel?: (() => void) | undefined;
  readonly cancelLabel?: string | undefined;
}

export function progressLine({ what, share, note, cancel, cancelLabel }: ProgressParts): TemplateResult {
  const percent = share === undefined ? undefined : Math.round(Math.min(1, Math.max(0, share)) * 100);
  return html`<div class="progress-line">
    <span class="what">${what}</span>
    <vscode-progress-bar class="progress" aria-label=${what} ?indeterminate=${percent === undefined} .value=${percent ?? 0} .max=${100}></vscode-progress-bar>
    <span class="number">${percent === undefined ? nothing : `${percent} %`}</span>
    ${note === undefined ? nothing : html`<span class="quiet">${note}</span>`}
    ${cancel === undefined ? nothing : html`<vscode-button secondary @click=${cancel}>${cancelLabel ?? t('Cancel')}</vscode-button>`}
  </div>`;
}
