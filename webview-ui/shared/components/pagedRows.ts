/** Rows of a long table that lie in the host: pages are asked for as they come into sight, and the oldest are forgotten. No DOM. */

export interface Page<Row> {
  readonly rows: readonly Row[];
  readonly total: number;
}

export type PageLoader<Row> = (offset: number, limit: number, signal: AbortSignal) => Promise<Page<Row>>;

export const pageSize = 100;
const pagesKept = 60;

export class PagedRows<Row> {
  total = 0;
  /** Why the last page that was asked for did not come. */
  problem: unknown;
  private readonly load: PageLoader<Row>;
  private readonly changed: () => void;
  private readonly pages = new Map<number, readonly Row[]>();
  private readonly asked = new Map<number, AbortController>();
  private known = false;

  constructor(load: PageLoader<Row>, changed: () => void) {
    this.load = load;
    this.changed = changed;
  }

  /** Whether the first page has come. */
  get ready(): boolean {
    return this.known;
  }

  /** The row, or undefined while its page is on the way. */
  at(index: number): Row | undefined {
    return this.pages.get(Math.floor(index / pageSize))?.[index % pageSize];
  }

  /** Asks for what lies in `from`…`to` (exclusive) and is not here; requests for pages out of sight are cancelled. */
  need(from: number, to: number): void {
    const first = Math.floor(Math.max(0, from) / pageSize);
    const last = Math.floor(Math.max(0, Math.max(from, to - 1)) / pageSize);
    for (const [page, request] of this.asked) {
      if (page < first - 1 || page > last + 1) {
        request.abort();
        this.asked.delete(page);
      }
    }
    for (let page = first; page <= last; page++) {
      if (this.known && page * pageSize >= this.total && page > 0) break;
      if (this.pages.has(page)) this.touch(page);
      else if (!this.asked.has(page)) void this.ask(page);
    }
  }

  dispose(): void {
    for (const request of this.asked.values()) request.abort();
    this.asked.clear();
  }

  private async ask(page: number): Promise<void> {
    const request = new AbortController();
    this.asked.set(page, request);
    try {
      const { rows, total } = await this.load(page * pageSize, pageSize, request.signal);
      if (request.signal.aborted) return;
      this.total = total;
      this.known = true;
      this.problem = undefined;
      this.pages.set(page, rows);
      this.forget();
    } catch (error) {
      if (request.signal.aborted) return;
      this.problem = error;
    } finally {
      if (this.asked.get(page) === request) this.asked.delete(page);
    }
    this.changed();
  }

  private touch(page: number): void {
    const rows = this.pages.get(page)!;
    this.pages.delete(page);
    this.pages.set(page, rows);
  }

  private forget(): void {
    for (const page of this.pages.keys()) {
      if (this.pages.size <= pagesKept) return;
      this.pages.delete(page);
    }
  }
}
