/** Fields for searches that are not by words: by one text against another, by a token's logit, by a direction. */
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { PageElement } from '../../shared/element.ts';
import { t } from '../../shared/strings.ts';
import { readDirection } from '../model/direction.ts';
import type { Place } from '../model/place.ts';

export type Entry = 'text' | 'direction';

/** `place-change`: the query that was made. */
export class SearchEntry extends PageElement {
  static override readonly properties = { entry: { attribute: false }, selection: { attribute: false }, problem: { state: true } };
  declare entry: Entry;
  /** What is selected in the editor, to begin with. */
  declare selection: string;
  declare private problem: string | undefined;

  constructor() {
    super();
    this.entry = 'text';
    this.selection = '';
    this.problem = undefined;
  }

  override render(): TemplateResult {
    return html`${this.entry === 'text' ? this.texts() : this.directions()}
      ${this.problem === undefined ? nothing : html`<p class="problem" role="alert">${this.problem}</p>`}`;
  }

  private texts(): TemplateResult {
    return html`<form class="entry fields" @submit=${this.submit(() => this.byText())}>
      <label for="by-text">${t('fire on')}</label><textarea id="by-text" rows="2" .value=${this.selection}></textarea>
      <label for="by-other">${t('more than on')}</label><textarea id="by-other" rows="2" placeholder=${t('another text; empty: the average over the store')}></textarea>
      <span></span><div><vscode-button @click=${() => this.byText()}>${t('Find')}</vscode-button></div>
    </form>`;
  }

  private directions(): TemplateResult {
    return html`<form class="entry fields" @submit=${this.submit(() => this.byToken())}>
      <label for="by-token">${t('raises the logit of')}</label><div><input id="by-token" type="text" class="word" placeholder=${t('token, with its space')}> <vscode-button @click=${() => this.byToken()}>${t('Find')}</vscode-button></div>
      <label for="by-direction">${t('points along')}</label><div class="row"><textarea id="by-direction" rows="2" placeholder=${t('numbers of a direction, as JSON or with spaces')}></textarea> <vscode-button @click=${() => this.byDirection()}>${t('Find')}</vscode-button></div>
    </form>`;
  }

  private byText(): void {
    const [selection, other] = [this.field('by-text'), this.field('by-other')];
    if (selection.trim() === '') this.problem = t('Write a text, or select one in an editor.');
    else this.find({ query: { kind: 'text', selection, ...(other.trim() === '' ? {} : { other }) } });
  }

  private byToken(): void {
    const token = this.field('by-token');
    if (token !== '') this.find({ query: { kind: 'token', token } });
  }

  private byDirection(): void {
    const values = readDirection(this.field('by-direction'));
    if (values === undefined) this.problem = t('A direction is a list of numbers, one per dimension.');
    else this.find({ query: { kind: 'direction', values } });
  }

  private field(id: string): string {
    return this.querySelector<HTMLInputElement | HTMLTextAreaElement>(`#${id}`)?.value ?? '';
  }

  private find(change: Partial<Place>): void {
    this.problem = undefined;
    this.dispatchEvent(new CustomEvent('place-change', { detail: { ...change, list: 'table' }, bubbles: true }));
  }

  private submit(run: () => void): (event: Event) => void {
    return (event) => {
      event.preventDefault();
      run();
    };
  }
}
