/** A feature on a text of the user's own: where it fires, and where the loss changes without it. */
import { html, nothing } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import type { LossEffect } from '../../../src/protocol/methods/semanticResults.ts';
import { drawResource } from '../../shared/components/states.ts';
import { tokenHeat } from '../../shared/components/tokenHeat.ts';
import { PageElement } from '../../shared/element.ts';
import { Resource } from '../../shared/resource.ts';
import type { Session } from '../../shared/session.ts';
import { t } from '../../shared/strings.ts';
import { iconButton } from '../browser/featureBrowser.ts';
import { lossScale } from '../model/effect.ts';
import type { Target } from '../model/place.ts';

const rest = 300;

export class OwnText extends PageElement {
  static override readonly properties = { session: { attribute: false }, target: { attribute: false }, feature: { attribute: false }, text: { attribute: false } };
  declare session: Session | undefined;
  declare target: Target | undefined;
  declare feature: number | undefined;
  declare text: string | undefined;
  private readonly reading = new Resource<LossEffect>(this);
  private timer: ReturnType<typeof setTimeout> | undefined;
  private key = '';

  constructor() {
    super();
    this.session = undefined;
    this.target = undefined;
    this.feature = undefined;
    this.text = undefined;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.timer);
  }

  protected override willUpdate(_changed: PropertyValues): void {
    const { session, target, feature, text } = this;
    const key = JSON.stringify([target, feature, text]);
    if (session === undefined || target === undefined || feature === undefined || key === this.key) return;
    this.key = key;
    if (text === undefined || text.trim() === '') {
      this.reading.reset();
      return;
    }
    const { labels: _, ...stored } = target;
    void this.reading.load((signal) => session.channel.call('semantic.lossEffect', { ...stored, feature, on: { kind: 'text', text } }, { signal }), { keep: true });
  }

  override render(): TemplateResult {
    return html`<div class="row"><textarea rows="2" spellcheck="false" aria-label=${t('Your text')} placeholder=${t('type or paste a text, or take the editor’s selection')} .value=${this.text ?? ''} @input=${this.onInput}></textarea>
      ${this.session?.selection === undefined ? nothing : iconButton('selection', t('Use the editor’s selection'), () => this.keep(this.session?.selection?.text ?? ''))}</div>
      ${drawResource(this.reading, { loading: t('Reading your text…'), lines: 2, draw: (effect) => this.result(effect) })}`;
  }

  private result(effect: LossEffect): TemplateResult {
    const most = lossScale(effect);
    return html`${effect.rows.map(({ tokens, activations, delta }) => html`
      <p><span class="quiet">${t('activation')}</span> ${tokenHeat(tokens, activations)}</p>
      <p><span class="quiet">${t('loss when ablated')}</span> ${tokenHeat(tokens, delta, { most, signed: true, unit: t('nats') })}</p>`)}
      ${Number.isFinite(effect.mean)
        ? html`<p class="quiet">${t('Mean change {0} nats where it has fired', effect.mean.toPrecision(2))} <span class="control">(${t('random direction {0}', effect.randomMean.toPrecision(2))})</span></p>`
        : html`<p class="quiet">${t('It does not fire on this text.')}</p>`}`;
  }

  private onInput(event: Event): void {
    const text = (event.target as HTMLTextAreaElement).value;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.keep(text), rest);
  }

  private keep(text: string): void {
    this.dispatchEvent(new CustomEvent('place-change', { detail: { ownText: text }, bubbles: true }));
  }
}
