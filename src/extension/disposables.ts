/** What has to be let go of when its owner goes: one owner, and what arrives too late is disposed at once. */
export interface Disposable {
  dispose(): unknown;
}

/** How many things are held by owners that have not let go of them: what a leak would make grow. */
export const held = { count: 0 };

export class Disposables implements Disposable {
  private readonly items: Disposable[] = [];
  private disposed = false;

  add<T extends Disposable>(item: T): T {
    if (this.disposed) item.dispose();
    else {
      held.count++;
      this.items.push(item);
    }
    return item;
  }

  /** Disposes in reverse order of arrival. */
  dispose(): void {
    this.disposed = true;
    held.count -= this.items.length;
    for (const item of this.items.splice(0).reverse()) item.dispose();
  }
}
