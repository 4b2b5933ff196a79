/** Right side of the semantic view: one feature. What it means, why to believe it, where it fires, what it does. */
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import type { FeatureCard } from '../../../src/protocol/methods/semanticResults.ts';
import type { Subject } from '../../../src/protocol/views/panel.ts';
import { barRows } from '../../shared/components/bars.ts';
import { caution } from '../../shared/components/states.ts';
import { PageElement } from '../../shared/element.ts';
import { visibleToken } from '../../shared/notation.ts';
import type { Session } from '../../shared/session.ts';
import { t } from '../../shared/strings.ts';
import { iconButton } from '../browser/featureBrowser.ts';
import { connectionRows, histogramChart, neighbourRows, reasons, warningText } from '../model/card.ts';
import type { Place, Target } from '../model/place.ts';
import type { LabelEditor } from './labelEditor.ts';
import { countText, scoreText, shareText, signedText } from '../model/words.ts';

export class FeatureCardElement extends PageElement {
  static override readonly properties = {
    session: { attribute: false }, target: { attribute: false }, card: { attribute: false }, subject: { attribute: false }, place: { attribute: false }, subjectOf: { attribute: false }, action: { attribute: false },
  };
  declare session: Session | undefined;
  declare target: Target | undefined;
  declare card: FeatureCard | undefined;
  declare subject: Subject | undefined;
  declare place: Place | undefined;
  declare subjectOf: (feature: number, label?: string) => Subject;
  /** What the user has asked to do with the feature, for the part that does it. */
  declare action: 'ablate' | 'steer' | undefined;

  constructor() {
    super();
    this.session = undefined;
    this.target = undefined;
    this.card = undefined;
    this.subject = undefined;
    this.place = undefined;
    this.subjectOf = () => { throw new Error('The card was given no subjects.'); };
    this.action = undefined;
  }

  override render(): TemplateResult | typeof nothing {
    const { session, target, card, subject, place } = this;
    if (session === undefined || target === undefined || card === undefined || subject === undefined || place === undefined) return nothing;
    return html`<article class="card" aria-label=${t('Feature {0}', card.row.feature)}>
      ${this.head(card, subject)}
      ${this.belief(card)}
      <div class="parts">
        <section class="wide"><h3>${t('Where does it fire?')}</h3>
          <mechanist-examples .session=${session} .target=${target} .card=${card} .place=${place}></mechanist-examples></section>
        <section><h3>${t('How strongly?')}</h3><mechanist-chart .spec=${histogramChart(card)}></mechanist-chart></section>
        <section><h3>${t('Which tokens does it promote?')}</h3>${this.logits(card)}</section>
        <section class="wide"><h3>${t('What does it do?')}</h3>
          <mechanist-effect .session=${session} .target=${target} .card=${card} .subject=${subject} .action=${this.action}></mechanist-effect></section>
        <section class="wide"><h3>${t('On a text of your own')}</h3>
          <mechanist-own-text .session=${session} .target=${target} .feature=${card.row.feature} .text=${place.ownText}></mechanist-own-text></section>
        <section><h3>${t('Which features are near?')}</h3>${this.neighbours(card)}</section>
        <section><h3>${t('Where is it read and written?')}</h3>${this.connections(card)}</section>
        <section><h3>${t('Which tokens does it fire on?')}</h3>${this.topTokens(card)}</section>
        <section><h3>${t('Does it match a known variable?')}</h3>${this.truth(card)}</section>
        <section class="wide"><h3>${t('Which findings and circuits are about it?')}</h3><mechanist-mentions .session=${session} .subject=${subject}></mechanist-mentions></section>
      </div>
    </article>`;
  }

  private head(card: FeatureCard, subject: Subject): TemplateResult {
    return html`<header>
      <div class="name">
        <mechanist-chip .subject=${subject} pressed menu></mechanist-chip>
        <mechanist-label .session=${this.session} .target=${this.target} .card=${card}></mechanist-label>
        <span class="tools" role="group" aria-label=${t('Actions')}>
          ${iconButton('pin', t('Pin to a finding (Space)'), () => this.tell('subject-pin'))}
          ${iconButton('symbol-color', t('Paint in the editor'), () => this.act('paint'))}
          ${iconButton('list-flat', t('Show features like it'), () => this.dispatchEvent(new CustomEvent('place-change', { detail: { query: { kind: 'similar', feature: card.row.feature } }, bubbles: true })))}
          ${iconButton('link', t('Copy link'), () => this.act('copyLink'))}
          ${card.publicPage === undefined ? nothing : iconButton('link-external', t('Open its page on {0}', new URL(card.publicPage).hostname), () => void this.session?.channel.ask('panel.openLink', { url: card.publicPage! }))}
          ${iconButton('export', t('Export as Neuronpedia JSON'), () => this.dispatchEvent(new CustomEvent('feature-export', { detail: card.row.feature, bubbles: true })))}
        </span>
      </div>
      <p class="quiet">${card.hook} · ${t('fires on {0} of tokens ({1} of {2})', shareText(card.row.density), countText(card.fired), countText(card.tokens))} · ${t('largest {0}', card.row.max.toPrecision(3))}</p>
    </header>`;
  }

  private belief(card: FeatureCard): TemplateResult {
    const { label, truth = card.truth[0] } = card.row;
    const claims = reasons(label?.score, truth);
    const untested = label !== undefined && label.score === undefined;
    return html`<section class="belief"><h3>${t('Why believe it?')}</h3>
      ${untested ? html`<p class="quiet">${t('Nobody has tested the label.')} <button class="link" @click=${() => this.querySelector<LabelEditor>('mechanist-label')?.suggest('test')}>${t('Have it judged on held-out examples')}</button></p>` : nothing}
      ${claims.length === 0 && untested ? nothing : claims.length === 0 ? html`<p class="quiet">${t('Nothing speaks for a meaning yet: give it a label, then its score on held-out examples appears here.')}</p>`
        : html`<ul>${claims.map(({ text, control, holds }) => html`<li><span class="codicon codicon-${holds ? 'check' : 'circle-slash'}" aria-hidden="true"></span> ${text} <span class="control">(${control})</span>${holds ? nothing : html` <span class="quiet">${t('not clearly better than its control')}</span>`}</li>`)}</ul>`}
      ${card.warnings.map((warning) => caution(warningText(warning)))}
    </section>`;
  }

  private logits({ logits }: FeatureCard): TemplateResult {
    if (logits === undefined) return html`<p class="quiet">${t('It writes where no direct way leads to the logits.')}</p>`;
    const { promoted, suppressed, random, treatment } = logits;
    const rows = [...promoted.slice(0, 8), ...suppressed.slice(0, 8).toReversed()];
    return html`${barRows(rows.map(({ token, value }) => ({ label: html`<span class="word">${visibleToken(token)}</span>`, value, text: signedText(value), control: random })), { name: t('Promoted and suppressed tokens'), columns: { label: t('token'), value: t('logit') }, signed: 'size' })}
      <p class="quiet"><span class="control">${t('grey marks: largest for a random direction of equal norm, {0}', random.toPrecision(2))}</span> · ${treatment}</p>`;
  }

  private neighbours(card: FeatureCard): TemplateResult {
    const rows = neighbourRows(card);
    if (rows.length === 0) return html`<p class="quiet">${t('None is nearer than a random direction.')}</p>`;
    return html`<div class="scroll" tabindex="0" role="region" aria-label=${t('Neighbours')}><table class="data plain" aria-label=${t('Neighbours')}>
      <thead><tr><th scope="col">${t('feature')}</th><th scope="col">${t('label, else top tokens')}</th><th scope="col" class="number">cos</th><th scope="col" class="number">${t('fire together')}</th></tr></thead>
      <tbody>${rows.slice(0, 12).map((row) => html`<tr title=${row.control}>
        <th scope="row"><mechanist-chip .subject=${this.subjectOf(row.feature)}></mechanist-chip></th>
        <td class="clip">${row.name}${row.warning === undefined ? nothing : html` <span class="codicon codicon-warning" role="img" aria-label=${row.warning === 'splitting' ? t('perhaps split') : t('perhaps absorbed')} title=${row.warning === 'splitting' ? t('perhaps split') : t('perhaps absorbed')}></span>`}</td>
        <td class="number">${row.cosine}</td><td class="number">${row.together}</td></tr>`)}</tbody>
    </table></div>
    <p class="control">${t('a random direction reaches cos {0}', scoreText(card.randomCosine))}</p>`;
  }

  private connections({ read, written }: FeatureCard): TemplateResult {
    if (read.length + written.length === 0) return html`<p class="quiet">${t('No component before or after it is connected by weights alone.')}</p>`;
    const table = (name: string, list: FeatureCard['read']): TemplateResult | typeof nothing => (list.length === 0 ? nothing : barRows(
      connectionRows(list, 6).map(({ component, ...row }) => ({ label: html`<span class="word small" title=${component}>${component.replace(/^blocks\./, '')}</span>`, ...row })),
      { name, columns: { label: name, value: t('weight'), control: t('random') } },
    ));
    return html`${table(t('read by'), read)}${table(t('written by'), written)}`;
  }

  private topTokens({ topTokens }: FeatureCard): TemplateResult {
    if (topTokens.length === 0) return html`<p class="quiet">${t('It fires on no token of this store.')}</p>`;
    return barRows(
      topTokens.slice(0, 10).map(({ token, seen, fired, mean }) => ({ label: html`<span class="word">${visibleToken(token)}</span>`, value: mean, text: mean.toPrecision(2), controlText: t('{0} of {1}', countText(fired), countText(seen)) })),
      { name: t('Tokens that it fires on'), columns: { label: t('token'), value: t('mean activation'), control: t('times') } },
    );
  }

  private truth({ truth }: FeatureCard): TemplateResult {
    if (truth.length === 0) return html`<p class="quiet">${t('The corpus of this store has no known variables, or none is told by this feature.')}</p>`;
    return barRows(
      truth.slice(0, 6).map(({ variable, question, auroc, shuffledAuroc }) => ({ label: html`<span title=${question}>${variable}</span>`, value: Math.max(0, auroc - 0.5) * 2, text: scoreText(auroc), control: Math.max(0, shuffledAuroc - 0.5) * 2, controlText: scoreText(shuffledAuroc) })),
      { name: t('Known variables'), columns: { label: t('variable'), value: 'AUROC', control: t('shuffled') } },
    );
  }

  private act(action: 'paint' | 'copyLink'): void {
    const { session, subject } = this;
    if (session !== undefined && subject !== undefined) void session.channel.ask('panel.act', { action, subject });
  }

  private tell(name: string): void {
    this.dispatchEvent(new CustomEvent(name, { detail: this.subject, bubbles: true }));
  }
}
