/** The states in which there is nothing to read yet: loading, empty, failed. They stand where the result will be. */
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import type { Resource } from '../resource.ts';
import { t } from '../strings.ts';

/** Grey lines in the shape of the result, with what is being done; `cancel` adds the button beside it. */
export function skeleton(what: string, { lines = 4, cancel }: { readonly lines?: number; readonly cancel?: (() => void) | undefined } = {}): TemplateResult {
  return html`<div class="skeleton" role="status">
    <p class="quiet">${what}${cancel === undefined ? nothing : html` <vscode-button secondary @click=${cancel}>${t('Cancel')}</vscode-button>`}</p>
    ${Array.from({ length: lines }, () => html`<div class="skeleton-line" aria-hidden="true"></div>`)}
  </div>`;
}

/** What belongs here, and at most one thing to do about it. */
export function emptyState(what: string, action?: { readonly label: string; readonly run: () => void }): TemplateResult {
  return html`<div class="empty"><p>${what}</p>${action === undefined ? nothing : html`<vscode-button @click=${action.run}>${action.label}</vscode-button>`}</div>`;
}

export function failure(message: string, action?: { readonly label: string; readonly run: () => void }): TemplateResult {
  return html`<div class="failure" role="alert"><p><span class="codicon codicon-error" aria-hidden="true"></span> ${message}</p>
    ${action === undefined ? nothing : html`<vscode-button secondary @click=${action.run}>${action.label}</vscode-button>`}</div>`;
}

/** A thing to know about a number that stands beside it. */
export function caution(message: string | TemplateResult): TemplateResult {
  return html`<p class="caution"><span class="codicon codicon-warning" aria-hidden="true"></span> <span>${message}</span></p>`;
}

export interface ResourceParts<T> {
  readonly draw: (value: T) => TemplateResult | typeof nothing;
  /** What is being done, for the skeleton. */
  readonly loading: string;
  readonly lines?: number;
  /** Shown before anything was asked for. */
  readonly idle?: TemplateResult | undefined;
}

/** A resource in its state. While a new value loads, the last one stays, marked busy. */
export function drawResource<T>(resource: Resource<T>, { draw, loading, lines = 4, idle }: ResourceParts<T>): TemplateResult | typeof nothing {
  const { state } = resource;
  switch (state.kind) {
    case 'idle': return idle ?? nothing;
    case 'loading': return state.previous === undefined ? skeleton(loading, { lines, cancel: () => resource.cancel() }) : html`<div aria-busy="true" class="stale">${draw(state.previous)}</div>`;
    case 'failed': return failure(state.message, { label: t('Try again'), run: () => resource.retry() });
    case 'ready': return draw(state.value);
  }
}
