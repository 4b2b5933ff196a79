/** Tabs: one tab stop, arrows move and choose. The panel that belongs to them is drawn by whoever uses them. */
import { html } from 'lit';
import type { TemplateResult } from 'lit';
import { movedSelection } from '../roving.ts';

export interface Tab<Id extends string = string> {
  readonly id: Id;
  readonly label: string;
  /** A number or mark after the label. */
  readonly note?: string | undefined;
}

/** `name` is for screen readers, and makes the ids that `tabPanelAttributes` refers to. */
export function tabs<Id extends string>(name: string, list: readonly Tab<Id>[], selected: Id, choose: (id: Id) => void): TemplateResult {
  const onKey = (event: KeyboardEvent): void => {
    const next = movedSelection(event.key, list.findIndex(({ id }) => id === selected), list.length);
    if (next === undefined) return;
    event.preventDefault();
    choose(list[next]!.id);
    (event.currentTarget as HTMLElement).querySelectorAll<HTMLElement>('[role=tab]')[next]?.focus();
  };
  return html`<div role="tablist" aria-label=${name} class="tabs" @keydown=${onKey}>${list.map(({ id, label, note }) => html`<button
    role="tab" id="tab-${id}" aria-selected=${id === selected} tabindex=${id === selected ? 0 : -1} @click=${() => choose(id)}
  >${label}${note === undefined ? '' : html` <span class="note">${note}</span>`}</button>`)}</div>`;
}

export function tabPanel(id: string, content: unknown): TemplateResult {
  return html`<div role="tabpanel" aria-labelledby="tab-${id}" class="tab-panel">${content}</div>`;
}
