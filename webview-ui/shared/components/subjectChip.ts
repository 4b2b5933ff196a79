/**
 * A subject wherever it is named: same look, same menu. The menu is VS Code's own (`webview/context` in the manifest),
 * which reads what it is about from the attribute here; the keyboard opens it with the menu key or Shift+F10.
 */
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import type { Subject } from '../../../src/protocol/views/panel.ts';
import { PageElement } from '../element.ts';
import { subjectName } from '../subject.ts';
import { t } from '../strings.ts';

/** `subject-open` asks to show the subject; its detail is the subject. */
export type SubjectEvent = CustomEvent<Subject>;

export class SubjectChip extends PageElement {
  static override readonly properties = { subject: { attribute: false }, pressed: { type: Boolean }, menu: { type: Boolean }, reach: { attribute: false } };
  declare subject: Subject | undefined;
  /** Whether it is the one that is shown. */
  declare pressed: boolean;
  /** Adds the visible button that opens the menu. */
  declare menu: boolean;
  /** Tab stop; −1 inside a grid that moves focus itself. */
  declare reach: number;

  constructor() {
    super();
    this.subject = undefined;
    this.pressed = false;
    this.menu = false;
    this.reach = 0;
  }

  override render(): TemplateResult | typeof nothing {
    const { subject } = this;
    if (subject === undefined) return nothing;
    const name = subjectName(subject);
    return html`<span class="subject" data-vscode-context=${menuContext(subject)}>
      <button class="chip kind-${subject.kind}" tabindex=${this.reach} aria-pressed=${this.pressed} title=${subject.label === undefined ? subject.subject : `${name} ${subject.label}`} @click=${this.open}>${name}</button>
      ${this.menu ? html`<button class="icon-button codicon codicon-kebab-vertical" tabindex=${this.reach} aria-label=${t('Actions for {0}', name)} title=${t('Actions for {0}', name)} aria-haspopup="menu" @click=${openMenu}></button>` : nothing}
    </span>`;
  }

  private open(event: Event): void {
    event.stopPropagation();
    if (this.subject !== undefined) this.dispatchEvent(new CustomEvent<Subject>('subject-open', { detail: this.subject, bubbles: true }));
  }
}

/** The attribute's value for any element that stands for a subject: a row, a node of a graph. */
export function menuContext(subject: Subject): string {
  return JSON.stringify({ webviewSection: `subject.${subject.kind}`, preventDefaultContextMenuItems: true, ...subject });
}

/** Opens the menu of the element that was clicked, as a click with the other button would. */
function openMenu(event: Event): void {
  event.stopPropagation();
  const target = event.currentTarget as HTMLElement;
  const { left, bottom } = target.getBoundingClientRect();
  target.dispatchEvent(new MouseEvent('contextmenu', { bubbles: true, composed: true, clientX: left, clientY: bottom }));
}
