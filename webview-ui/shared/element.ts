/** Base of the kit's elements: drawn without a shadow root, so that one style sheet per page applies and everything can be found by tests and screen readers. */
import { LitElement } from 'lit';

export abstract class PageElement extends LitElement {
  protected override createRenderRoot(): this {
    return this;
  }
}

/** Defines an element once; a page and its tests may both ask for it. */
export function define(tag: string, element: CustomElementConstructor): void {
  if (customElements.get(tag) === undefined) customElements.define(tag, element);
}
