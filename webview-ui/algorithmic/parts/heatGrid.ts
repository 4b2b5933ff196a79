/**
 * `<mechanist-heat-grid>`: layers × positions with a text in each cell, coloured by a value. A grid for screen readers with one
 * tab stop: arrows move, Enter opens, Space pins. Columns come in pages, so that a long prompt stays quick.
 */
import { html, nothing } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import { PageElement } from '../../shared/element.ts';
import { heatClass } from '../../shared/heat.ts';
import { movedCell } from '../../shared/roving.ts';
import { t } from '../../shared/strings.ts';

export interface GridCell {
  readonly text: string;
  /** −9 to 9. */
  readonly level: number;
  /** Everything about the cell in words. */
  readonly title: string;
}

export interface GridRow {
  readonly name: string;
  readonly cells: readonly GridCell[];
}

export interface CellPlace {
  readonly row: number;
  readonly column: number;
}

/** `cell-select` when the selection moves, `cell-open` (Enter, double click), `cell-pin` (Space). */
export type CellEvent = CustomEvent<CellPlace>;

const pageColumns = 48;

export class HeatGrid extends PageElement {
  static override readonly properties = {
    rows: { attribute: false }, columns: { attribute: false }, name: { attribute: false }, corner: { attribute: false }, signed: { type: Boolean }, selected: { attribute: false }, page: { state: true },
  };
  declare rows: readonly GridRow[];
  declare columns: readonly string[];
  declare name: string;
  /** Head of the column of row names. */
  declare corner: string;
  declare signed: boolean;
  declare selected: CellPlace | undefined;
  declare private page: number;

  constructor() {
    super();
    this.rows = [];
    this.columns = [];
    this.name = '';
    this.corner = '';
    this.signed = false;
    this.selected = undefined;
    this.page = 0;
  }

  override render(): TemplateResult {
    const pages = Math.ceil(this.columns.length / pageColumns);
    const from = Math.min(this.page, Math.max(0, pages - 1)) * pageColumns;
    const shown = this.columns.slice(from, from + pageColumns);
    const current = this.selected ?? { row: 0, column: from };
    return html`${pages > 1 ? this.pager(from, shown.length, pages) : nothing}
      <div class="heat-frame"><table class="heat-grid" role="grid" aria-label=${this.name} aria-rowcount=${this.rows.length + 1} aria-colcount=${this.columns.length + 1} @keydown=${this.onKey}>
        <thead><tr role="row"><th role="columnheader" scope="col">${this.corner}</th>${shown.map((name) => html`<th role="columnheader" scope="col" class="word"><span>${name}</span></th>`)}</tr></thead>
        <tbody>${this.rows.map((row, index) => html`<tr role="row"><th role="rowheader" scope="row">${row.name}</th>${row.cells.slice(from, from + shown.length).map((cell, offset) => {
          const column = from + offset;
          const selected = this.selected?.row === index && this.selected.column === column;
          return html`<td role="gridcell" class="word token ${heatClass(cell.level, this.signed)}" title=${cell.title} aria-label=${`${cell.text} ${cell.title}`.trim()} aria-selected=${selected}
            tabindex=${current.row === index && current.column === column ? 0 : -1} @click=${() => this.tell('cell-select', { row: index, column })} @dblclick=${() => this.tell('cell-open', { row: index, column })}>${cell.text}</td>`;
        })}</tr>`)}</tbody>
      </table></div>`;
  }

  override focus(): void {
    this.querySelector<HTMLElement>('[role=gridcell][tabindex="0"]')?.focus();
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has('selected') && this.selected !== undefined) this.page = Math.floor(this.selected.column / pageColumns);
  }

  protected override updated(changed: PropertyValues): void {
    if (!changed.has('selected')) return;
    this.scrollToSelected();
    if (this.contains(document.activeElement)) this.focus();
  }

  /** Inside the frame only: the page stays where it is. */
  private scrollToSelected(): void {
    const [frame, cell] = [this.querySelector<HTMLElement>('.heat-frame'), this.querySelector<HTMLElement>('[aria-selected=true]')];
    if (frame === null || cell === null) return;
    const names = this.querySelector<HTMLElement>('tbody th')?.offsetWidth ?? 0;
    if (cell.offsetLeft + cell.offsetWidth > frame.scrollLeft + frame.clientWidth) frame.scrollLeft = cell.offsetLeft + cell.offsetWidth - frame.clientWidth;
    else if (cell.offsetLeft - names < frame.scrollLeft) frame.scrollLeft = cell.offsetLeft - names;
  }

  private pager(from: number, shown: number, pages: number): TemplateResult {
    return html`<div class="row"><button class="icon-button codicon codicon-chevron-left" aria-label=${t('Earlier positions')} ?disabled=${this.page === 0} @click=${() => { this.page--; }}></button>
      <span class="quiet">${t('positions {0}–{1} of {2}', from, from + shown - 1, this.columns.length)}</span>
      <button class="icon-button codicon codicon-chevron-right" aria-label=${t('Later positions')} ?disabled=${this.page >= pages - 1} @click=${() => { this.page++; }}></button></div>`;
  }

  private onKey(event: KeyboardEvent): void {
    const cell = this.selected ?? { row: 0, column: 0 };
    if (event.key === 'Enter') this.tell('cell-open', cell);
    else if (event.key === ' ') this.tell('cell-pin', cell);
    else {
      const next = movedCell(event.key, cell, this.rows.length, this.columns.length);
      if (next === undefined) return;
      this.tell('cell-select', next);
    }
    event.preventDefault();
    event.stopPropagation();
  }

  private tell(name: 'cell-select' | 'cell-open' | 'cell-pin', detail: CellPlace): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true }));
  }
}
