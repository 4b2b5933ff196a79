/**
 * `<mechanist-table>`: a table of any length of which only what is in sight exists. Rows come from the host in pages.
 * A grid for screen readers: one tab stop, arrows move, Enter opens, Space pins, a column's head sorts.
 */
import { html, nothing } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import { failureText } from '../../../src/protocol/failureText.ts';
import { PageElement } from '../element.ts';
import { movedCell } from '../roving.ts';
import { t } from '../strings.ts';
import { PagedRows } from './pagedRows.ts';
import type { PageLoader } from './pagedRows.ts';
import { emptyState, failure, skeleton } from './states.ts';

export interface Column<Row> {
  readonly id: string;
  readonly title: string;
  /** A track of a CSS grid: `6ch`, `minmax(12ch, 1fr)`. */
  readonly track: string;
  readonly numeric?: boolean;
  readonly sortable?: boolean;
  /** Explains the column, as the title of its head. */
  readonly hint?: string;
  /** Pixels that the table must have for the column to be shown; left out, it always is. */
  readonly from?: number;
  readonly cell: (row: Row) => TemplateResult | string | number | typeof nothing;
}

export interface Sort {
  readonly by: string;
  readonly descending: boolean;
}

export interface TableSource<Row> {
  readonly load: PageLoader<Row>;
  /** Identity of a row: selection follows it. */
  readonly key: (row: Row) => number | string;
}

/** `row-open` (Enter, click), `row-pin` (Space), `row-focus` (arrows): detail is the row. `sort-change`: detail is a `Sort`. */
export type RowEvent<Row> = CustomEvent<Row>;

type RowTold = 'row-open' | 'row-pin' | 'row-focus';

const rowHeight = 22;
const overscan = 6;

export class VirtualTable<Row = unknown> extends PageElement {
  static override readonly properties = {
    columns: { attribute: false }, source: { attribute: false }, sort: { attribute: false }, selected: { attribute: false }, name: { attribute: false },
    none: { attribute: false }, context: { attribute: false }, top: { state: true }, height: { state: true }, width: { state: true }, active: { state: true },
  };
  declare columns: readonly Column<Row>[];
  /** A new source starts from the first row. */
  declare source: TableSource<Row> | undefined;
  declare sort: Sort | undefined;
  /** Key of the row that is shown elsewhere. */
  declare selected: number | string | undefined;
  declare name: string;
  /** What is said when there are no rows. */
  declare none: string;
  /** The row's `data-vscode-context`. */
  declare context: ((row: Row) => string) | undefined;
  declare private top: number;
  declare private height: number;
  declare private width: number;
  declare private active: number;
  private rows: PagedRows<Row> | undefined;
  private resize: ResizeObserver | undefined;
  /** What was asked of a row that was still on its way. */
  private waiting: { readonly name: RowTold; readonly index: number } | undefined;

  constructor() {
    super();
    this.columns = [];
    this.source = undefined;
    this.sort = undefined;
    this.selected = undefined;
    this.name = '';
    this.none = '';
    this.context = undefined;
    this.top = 0;
    this.height = 400;
    this.width = 1000;
    this.active = 0;
  }

  /** Rows after filter and search; undefined before the first page. */
  get total(): number | undefined {
    return this.rows?.ready === true ? this.rows.total : undefined;
  }

  /** Moves to a row by its place. */
  reveal(index: number): void {
    this.active = index;
    const scroller = this.scroller();
    if (scroller === null) return;
    if (index * rowHeight < scroller.scrollTop) scroller.scrollTop = index * rowHeight;
    else if ((index + 1) * rowHeight > scroller.scrollTop + scroller.clientHeight) scroller.scrollTop = (index + 1) * rowHeight - scroller.clientHeight;
  }

  override focus(): void {
    this.querySelector<HTMLElement>('.grid')?.focus();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.rows?.dispose();
    this.resize?.disconnect();
    this.resize = undefined;
  }

  override render(): TemplateResult {
    const { rows } = this;
    const count = rows?.total ?? 0;
    const [first, last] = this.range(count);
    return html`<div class="grid" role="grid" tabindex="0" aria-label=${this.name} aria-rowcount=${count + 1} aria-colcount=${this.shownColumns().length}
      aria-activedescendant=${count > 0 && this.active >= first && this.active < last ? this.rowId(this.active) : nothing} @keydown=${this.onKey}>
      <div class="grid-head" role="row" aria-rowindex="1">${this.shownColumns().map((column, index) => this.head(column, index))}</div>
      <div class="grid-scroll" role="rowgroup" @scroll=${this.onScroll}>
        ${rows?.ready === true && count > 0 ? html`<div class="spacer" role="presentation"></div>${this.visible(first, last)}<div class="spacer" role="presentation"></div>` : nothing}
      </div>
    </div>
    ${this.state()}`;
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (!changed.has('source')) return;
    this.rows?.dispose();
    this.rows = this.source === undefined ? undefined : new PagedRows(this.source.load, () => {
      this.requestUpdate();
      this.dispatchEvent(new CustomEvent('rows-change', { bubbles: true }));
      const { waiting } = this;
      if (waiting !== undefined && waiting.index === this.active) this.tell(waiting.name, waiting.index);
    });
    this.top = 0;
    this.active = 0;
  }

  protected override updated(changed: PropertyValues): void {
    const scroller = this.scroller();
    if (scroller === null) return;
    if (changed.has('source')) scroller.scrollTop = 0;
    if (this.resize === undefined && typeof ResizeObserver !== 'undefined') {
      this.resize = new ResizeObserver(() => {
        this.height = scroller.clientHeight;
        this.width = scroller.clientWidth;
      });
      this.resize.observe(scroller);
    }
    this.style.setProperty('--tracks', this.shownColumns().map(({ track }) => track).join(' '));
    const count = this.rows?.total ?? 0;
    const [first, last] = this.range(count);
    const [above, below] = scroller.querySelectorAll<HTMLElement>('.spacer');
    above?.style.setProperty('height', `${first * rowHeight}px`);
    below?.style.setProperty('height', `${Math.max(0, count - last) * rowHeight}px`);
    this.rows?.need(first, Math.max(last, first + 1));
  }

  private state(): TemplateResult | typeof nothing {
    const { rows } = this;
    if (rows === undefined) return nothing;
    if (rows.problem !== undefined) return failure(failureText(rows.problem), { label: t('Try again'), run: () => rows.need(...this.range(rows.total || 1)) });
    if (!rows.ready) return skeleton(t('Reading rows…'), { lines: 8 });
    return rows.total === 0 ? emptyState(this.none) : nothing;
  }

  private head(column: Column<Row>, index: number): TemplateResult {
    const { sort } = this;
    const sorted = sort?.by === column.id;
    const direction = !sorted ? 'none' : sort.descending ? 'descending' : 'ascending';
    return html`<div role="columnheader" class=${column.numeric === true ? 'number' : ''} aria-colindex=${index + 1} aria-sort=${column.sortable === true ? direction : nothing} title=${column.hint ?? nothing}>${
      column.sortable === true
        ? html`<button class="head-button" @click=${() => this.sortBy(column)}>${column.title}${sorted ? html`<span class="codicon codicon-arrow-small-${sort.descending ? 'down' : 'up'}" aria-hidden="true"></span>` : nothing}</button>`
        : column.title
    }</div>`;
  }

  private *visible(first: number, last: number): Generator<TemplateResult> {
    const columns = this.shownColumns();
    for (let index = first; index < last; index++) {
      const row = this.rows?.at(index);
      const key = row === undefined ? undefined : this.source?.key(row);
      yield html`<div
        class="grid-row ${index === this.active ? 'active' : ''}" role="row" id=${this.rowId(index)} aria-rowindex=${index + 2} aria-selected=${key !== undefined && key === this.selected}
        data-vscode-context=${row === undefined || this.context === undefined ? nothing : this.context(row)} @click=${() => this.choose(index)}
      >${columns.map((column, place) => html`<div role="gridcell" aria-colindex=${place + 1} class=${column.numeric === true ? 'number' : ''}>${row === undefined ? html`<span class="skeleton-line" aria-hidden="true"></span>` : column.cell(row)}</div>`)}</div>`;
    }
  }

  private choose(index: number): void {
    this.active = index;
    this.tell('row-open', index);
  }

  private sortBy(column: Column<Row>): void {
    const descending = this.sort?.by === column.id ? !this.sort.descending : column.numeric === true;
    this.dispatchEvent(new CustomEvent<Sort>('sort-change', { detail: { by: column.id, descending }, bubbles: true }));
  }

  private onScroll(event: Event): void {
    this.top = (event.currentTarget as HTMLElement).scrollTop;
  }

  private onKey(event: KeyboardEvent): void {
    const count = this.rows?.total ?? 0;
    if (event.target !== event.currentTarget) return;
    if (count === 0) {
      // The list is on its way; what is asked of its first row waits for it.
      if (this.rows?.ready === false && (event.key === 'Enter' || event.key === ' ')) this.tell(event.key === 'Enter' ? 'row-open' : 'row-pin', 0);
      return;
    }
    if (event.key === 'Enter') this.tell('row-open', this.active);
    else if (event.key === ' ') this.tell('row-pin', this.active);
    else {
      const next = movedCell(event.key, { row: this.active, column: 0 }, count, 1, Math.max(1, Math.floor(this.height / rowHeight) - 1));
      if (next === undefined || event.key === 'ArrowLeft' || event.key === 'ArrowRight') return;
      this.reveal(next.row);
      this.tell('row-focus', next.row);
    }
    event.preventDefault();
  }

  private tell(name: RowTold, index: number): void {
    const row = this.rows?.at(index);
    this.waiting = row === undefined ? { name, index } : undefined;
    if (row !== undefined) this.dispatchEvent(new CustomEvent(name, { detail: row, bubbles: true }));
  }

  private range(count: number): [number, number] {
    const first = Math.max(0, Math.floor(this.top / rowHeight) - overscan);
    return [Math.min(first, count), Math.min(count, Math.ceil((this.top + this.height) / rowHeight) + overscan)];
  }

  private rowId(index: number): string {
    return `${this.id || 'table'}-row-${index}`;
  }

  private shownColumns(): readonly Column<Row>[] {
    return this.columns.filter(({ from }) => from === undefined || this.width >= from);
  }

  private scroller(): HTMLElement | null {
    return this.querySelector<HTMLElement>('.grid-scroll');
  }
}
