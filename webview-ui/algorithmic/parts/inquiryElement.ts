/** Base of the tabs: draws again when the inquiry changes. */
import type { PropertyValues } from 'lit';
import { PageElement } from '../../shared/element.ts';
import type { Inquiry } from '../inquiry.ts';

export abstract class InquiryElement extends PageElement {
  static override readonly properties: Record<string, object> = { inquiry: { attribute: false } };
  declare inquiry: Inquiry;
  private end: (() => void) | undefined;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.end?.();
    this.end = undefined;
  }

  protected override willUpdate(_changed: PropertyValues): void {
    this.end ??= this.inquiry.watch(() => this.requestUpdate());
  }
}
