/** What a feature does: ablated, clamped or steered, beside the unchanged model and a random direction of equal norm. */
import { html, nothing } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import type { FeatureAction } from '../../../src/protocol/methods/semantic.ts';
import type { FeatureCard, FeatureEffect } from '../../../src/protocol/methods/semanticResults.ts';
import type { Subject } from '../../../src/protocol/views/panel.ts';
import { signedBar } from '../../shared/components/bars.ts';
import { drawResource } from '../../shared/components/states.ts';
import { tokenHeat } from '../../shared/components/tokenHeat.ts';
import { PageElement } from '../../shared/element.ts';
import { probabilityText, visibleToken } from '../../shared/notation.ts';
import { Resource } from '../../shared/resource.ts';
import type { Session } from '../../shared/session.ts';
import { t } from '../../shared/strings.ts';
import { iconButton } from '../browser/featureBrowser.ts';
import { actionOf, dialOf, effectPin, exampleText, firstValue, nextRows, verdict } from '../model/effect.ts';
import type { ActionKind } from '../model/effect.ts';
import type { Target } from '../model/place.ts';
import { signedText } from '../model/words.ts';

/** Milliseconds after the last move of the slider before the model runs. */
const rest = 200;

/** What was measured, with what it was measured on: the controls may stand elsewhere by now. */
interface Ran {
  readonly text: string;
  readonly action: FeatureAction;
  readonly effect: FeatureEffect;
}

export class EffectPanel extends PageElement {
  static override readonly properties = {
    session: { attribute: false }, target: { attribute: false }, card: { attribute: false }, subject: { attribute: false }, action: { attribute: false },
    kind: { state: true }, value: { state: true }, text: { state: true },
  };
  declare session: Session | undefined;
  declare target: Target | undefined;
  declare card: FeatureCard | undefined;
  declare subject: Subject | undefined;
  declare action: 'ablate' | 'steer' | undefined;
  declare private kind: ActionKind;
  declare private value: number;
  declare private text: string;
  private readonly effect = new Resource<Ran>(this);
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    super();
    this.session = undefined;
    this.target = undefined;
    this.card = undefined;
    this.subject = undefined;
    this.action = undefined;
    this.kind = 'ablate';
    this.value = 0;
    this.text = '';
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.timer);
  }

  protected override willUpdate(changed: PropertyValues): void {
    const { card } = this;
    if (changed.has('card') && card !== undefined) {
      const before = changed.get('card') as FeatureCard | undefined;
      if (before?.subject !== card.subject) {
        this.text = exampleText(card);
        this.value = firstValue(this.kind, card.row.max);
        this.effect.reset();
      }
    }
    if (changed.has('action') && this.action !== undefined && card !== undefined) {
      this.kind = this.action;
      this.value = firstValue(this.kind, card.row.max);
      this.later(0);
    }
  }

  protected override updated(changed: PropertyValues): void {
    if (changed.has('action') && this.action !== undefined) this.scrollIntoView({ block: 'nearest' });
  }

  override render(): TemplateResult | typeof nothing {
    const { card } = this;
    if (card === undefined) return nothing;
    const dial = dialOf(this.kind, card.row.max);
    const names: Readonly<Record<ActionKind, string>> = { ablate: t('ablate'), clamp: t('clamp'), steer: t('steer') };
    return html`
      <label class="row"><span>${t('text')}</span>
        <textarea rows="2" spellcheck="false" .value=${this.text} @input=${(event: Event) => { this.text = (event.target as HTMLTextAreaElement).value; }} @change=${() => this.later(0)}></textarea></label>
      <div class="row">
        <span class="segments" role="radiogroup" aria-label=${t('What is done')}>${(['ablate', 'clamp', 'steer'] as const).map((kind) => html`<label><input type="radio" name="action" .checked=${this.kind === kind} @change=${() => this.choose(kind)}>${names[kind]}</label>`)}</span>
        ${dial === undefined ? nothing : html`<input type="range" class="dial" aria-label=${this.kind === 'clamp' ? t('activation to clamp to') : t('strength, in largest activations')} min=${dial.from} max=${dial.to} step=${dial.step} .value=${String(this.value)} @input=${this.onDial}>
          <output class="number">${this.kind === 'steer' ? `${signedText(this.value)}×` : Number(this.value.toPrecision(3))}</output>`}
        <vscode-button @click=${() => this.later(0)}>${t('Run')}</vscode-button>
        ${this.useSelection()}
      </div>
      ${drawResource(this.effect, {
        loading: t('Running the model three times…'), lines: 5, draw: (ran) => this.result(ran),
        idle: html`<p class="quiet">${t('Runs the text as it is, with the feature changed, and with a random direction of equal norm in its place.')}</p>`,
      })}`;
  }

  private useSelection(): TemplateResult | typeof nothing {
    const text = this.session?.selection?.text ?? '';
    return text.trim() === '' ? nothing : iconButton('selection', t('Use the editor’s selection'), () => { this.text = text; this.later(0); });
  }

  private result(ran: Ran): TemplateResult {
    const { effect } = ran;
    const rows = nextRows(effect, 8);
    const most = rows.reduce((largest, { difference, randomDifference }) => Math.max(largest, Math.abs(difference), Math.abs(randomDifference)), 0);
    const column = (name: string, run: FeatureEffect['default'], className: string, kl: boolean): TemplateResult => html`<div class="run ${className}"><h4>${name}${kl ? html` <span class="quiet">KL ${run.kl.toPrecision(2)}</span>` : nothing}</h4><p class="word continuation">${run.continuation === '' ? '…' : run.continuation}</p></div>`;
    return html`<p class="verdict">${verdict(effect)} ${iconButton('pin', t('Pin this measurement to a finding'), () => this.pin(ran))} ${iconButton('copy', t('Copy as interventions for the command line'), () => void this.session?.channel.ask('panel.copy', { text: effect.interventions }))}</p>
      <p>${tokenHeat(effect.tokens, effect.activations)}</p>
      <div class="runs">${column(t('unchanged'), effect.default, '', false)}${column(t('changed'), effect.changed, '', true)}${column(t('random direction'), effect.random, 'control', true)}</div>
      <table class="bar-rows" aria-label=${t('Next token')}>
        <thead><tr><th scope="col">${t('next token')}</th><th scope="col" class="number">${t('unchanged')}</th><th scope="col" class="number">${t('changed')}</th><th scope="col">${t('difference')}</th><th scope="col" class="number control">${t('random')}</th></tr></thead>
        <tbody>${rows.map((row) => html`<tr><th scope="row" class="word">${visibleToken(row.token)}</th><td class="number">${probabilityText(row.unchanged)}</td><td class="number">${probabilityText(row.changed)}</td><td class="bar">${signedBar(row.difference, most, row.randomDifference)}</td><td class="number control">${probabilityText(row.random)}</td></tr>`)}</tbody>
      </table>`;
  }

  private choose(kind: ActionKind): void {
    this.kind = kind;
    this.value = firstValue(kind, this.card?.row.max ?? 1);
    this.later(0);
  }

  private onDial(event: Event): void {
    this.value = Number((event.target as HTMLInputElement).value);
    this.later(rest);
  }

  private later(wait: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.run(), wait);
  }

  private run(): void {
    const { session, target, card, kind, value, text } = this;
    if (session === undefined || target === undefined || card === undefined || text === '') return;
    const { labels: _, ...stored } = target;
    const action = actionOf(kind, value);
    void this.effect.load(async (signal) => ({ text, action, effect: await session.channel.call('semantic.effect', { ...stored, feature: card.row.feature, text, action }, { signal }) }), { keep: true });
  }

  private pin({ text, action, effect }: Ran): void {
    const { session, subject, card } = this;
    if (session !== undefined && subject !== undefined && card !== undefined) void session.channel.ask('panel.pin', effectPin(subject, text, action, effect, card.row.max));
  }
}
