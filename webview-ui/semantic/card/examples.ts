/** Where a feature fires: examples by band, coloured by its activation or by the loss that its ablation costs. */
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import type { FeatureCard, FeatureExample, LossEffect } from '../../../src/protocol/methods/semanticResults.ts';
import { drawResource } from '../../shared/components/states.ts';
import { tabPanel, tabs } from '../../shared/components/tabs.ts';
import { tokenHeat } from '../../shared/components/tokenHeat.ts';
import { PageElement } from '../../shared/element.ts';
import { activationText } from '../../shared/notation.ts';
import { Resource } from '../../shared/resource.ts';
import type { Session } from '../../shared/session.ts';
import { t } from '../../shared/strings.ts';
import { iconButton } from '../browser/featureBrowser.ts';
import { bandKinds, bandsOf, strongest } from '../model/card.ts';
import { lossScale } from '../model/effect.ts';
import type { Place, Target } from '../model/place.ts';

/** Contexts whose loss is measured at once. */
const contextLimit = 12;

export class Examples extends PageElement {
  static override readonly properties = { session: { attribute: false }, target: { attribute: false }, card: { attribute: false }, place: { attribute: false } };
  declare session: Session | undefined;
  declare target: Target | undefined;
  declare card: FeatureCard | undefined;
  declare place: Place | undefined;
  private readonly loss = new Resource<LossEffect>(this);
  private lossKey = '';

  constructor() {
    super();
    this.session = undefined;
    this.target = undefined;
    this.card = undefined;
    this.place = undefined;
  }

  protected override willUpdate(): void {
    const { session, target, card, place } = this;
    if (session === undefined || target === undefined || card === undefined || place?.heat !== 'loss') return;
    const contexts = [...new Set(bandsOf(card, place.band).flatMap(({ examples }) => examples.map(({ context }) => context)))].slice(0, contextLimit);
    const key = JSON.stringify([target, card.row.feature, contexts]);
    if (key === this.lossKey || contexts.length === 0) return;
    this.lossKey = key;
    const { labels: _, ...stored } = target;
    void this.loss.load((signal) => session.channel.call('semantic.lossEffect', { ...stored, feature: card.row.feature, on: { kind: 'contexts', contexts } }, { signal }));
  }

  override render(): TemplateResult | typeof nothing {
    const { card, place } = this;
    if (card === undefined || place === undefined) return nothing;
    const kinds = bandKinds(card);
    if (kinds.length === 0) return html`<p class="quiet">${t('It never fires in this store.')}</p>`;
    const band = kinds.some(({ kind }) => kind === place.band) ? place.band : kinds[0]!.kind;
    const names: Readonly<Record<Place['band'], string>> = { top: t('top'), quantile: t('quantiles'), random: t('random'), zero: t('zero') };
    return html`<div class="band-head">
      ${tabs(t('Examples'), kinds.map(({ kind, count }) => ({ id: kind, label: names[kind], note: String(count) })), band, (next) => this.change({ band: next }))}
      <label>${t('colour')} <select @change=${(event: Event) => this.change({ heat: (event.target as HTMLSelectElement).value as Place['heat'] })}>
        <option value="activation" ?selected=${place.heat === 'activation'}>${t('activation')}</option>
        <option value="loss" ?selected=${place.heat === 'loss'}>${t('loss when ablated')}</option>
      </select></label>
    </div>
    ${tabPanel(band, place.heat === 'loss' ? this.losses() : this.activations(card, band))}`;
  }

  private activations(card: FeatureCard, kind: Place['band']): TemplateResult {
    const bands = bandsOf(card, kind);
    const most = Math.max(strongest(bands), kind === 'zero' ? card.row.max : 0);
    return html`<div class="examples" tabindex="0" role="region" aria-label=${t('Examples')}>${bands.map(({ title, examples }) => html`
      <h4>${title}</h4>
      <ul>${examples.map((example) => html`<li>
        <span class="number peak-value">${activationText(example.values[example.peak] ?? 0)}</span>
        <span class="example-text">${tokenHeat(example.tokens, example.values, { most, peak: example.peak })}</span>
        ${this.originButton(example)}
      </li>`)}</ul>`)}</div>`;
  }

  private losses(): TemplateResult | typeof nothing {
    return drawResource(this.loss, { loading: t('Measuring the loss without this feature…'), draw: (effect) => {
      const most = lossScale(effect);
      // VS Code hands no NaN to a page: where the feature is silent there is no mean.
      return html`${Number.isFinite(effect.mean)
        ? html`<p>${t('Where it fires, the loss changes by {0} nats on the following tokens', effect.mean.toPrecision(2))} <span class="control">(${t('a random direction of equal norm: {0}', effect.randomMean.toPrecision(2))})</span>. ${t('Blue: it helped here. Orange, dotted: it hurt.')}</p>`
        : html`<p>${t('It fires in none of these.')}</p>`}
        <div class="examples" tabindex="0" role="region" aria-label=${t('Examples')}><ul>${effect.rows.map(({ tokens, delta }) => html`<li><span class="example-text">${tokenHeat(tokens, delta, { most, signed: true, unit: t('nats') })}</span></li>`)}</ul></div>`;
    } });
  }

  private originButton({ origin }: FeatureExample): TemplateResult | typeof nothing {
    if (origin === undefined) return nothing;
    const { file, start, end } = origin;
    return iconButton('go-to-file', t('Show in {0}', file.split(/[\\/]/).at(-1) ?? file), () => {
      this.session?.channel.ask('panel.goTo', { file, start, end }).catch((error: unknown) => this.session?.channel.tell('problem', { message: `going to an example: ${String(error)}` }));
    });
  }

  private change(change: Partial<Place>): void {
    this.dispatchEvent(new CustomEvent('place-change', { detail: change, bubbles: true }));
  }
}
