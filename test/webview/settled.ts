/** Waiting for a page in tests, and what a person does there. */

interface Drawn extends Element {
  readonly updateComplete: Promise<unknown>;
}

/** Turns of the event loop in a row without a change: more than any chain of answers and updates takes that begins by itself. */
const quietTurns = 4;
const mostTurns = 2000;

/** Waits until an element and all below it have drawn what there is to draw. Throws where they never come to rest. */
export async function settled(element: Drawn): Promise<void> {
  let before: string | undefined;
  for (let turn = 0, quiet = 0; quiet < quietTurns; turn++) {
    if (turn === mostTurns) throw new Error(`<${element.localName}> does not come to rest.`);
    await new Promise((resolve) => { setTimeout(resolve, 1); });
    await element.updateComplete;
    const now = element.innerHTML;
    quiet = now === before ? quiet + 1 : 0;
    before = now;
  }
}

/** A key that goes down on an element, which then draws. */
export async function press(view: Drawn, key: string, on: Element = view): Promise<void> {
  on.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, composed: true }));
  await settled(view);
}

/** The text of the first element that a selector finds, without line breaks; empty where there is none. */
export function textOf(view: Element, selector: string): string {
  return (view.querySelector(selector)?.textContent ?? '').replace(/\s+/g, ' ').trim();
}
