/** `<mechanist-findings-map>`: semantic subjects left, algorithmic ones right, joined where a finding names both. */
import { html, nothing, svg } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import type { FromMap, MapFinding, MapOfFindings, MapSubject, ToMap } from '../../src/protocol/views/findingsMap.ts';
import { emptyState, skeleton } from '../shared/components/states.ts';
import { PageElement } from '../shared/element.ts';
import type { Host } from '../shared/host.ts';
import { t } from '../shared/strings.ts';
import { drawnLines, lineSpace, mapHeight, mapRows, movedPlace } from './viewModel.ts';
import type { MapPlace, Side } from './viewModel.ts';

export class FindingsMap extends PageElement {
  static override readonly properties = { map: { state: true }, chosen: { state: true }, focused: { state: true } };
  declare private map: MapOfFindings | undefined;
  /** Whose findings the table lists. */
  declare private chosen: MapPlace | undefined;
  /** The one stop of the Tab key. */
  declare private focused: MapPlace | undefined;
  private host: Host | undefined;
  private moving = false;

  constructor() {
    super();
    this.map = undefined;
    this.chosen = undefined;
    this.focused = undefined;
  }

  connect(host: Host): void {
    this.host = host;
    host.onMessage((message) => {
      const { type, map } = message as Partial<ToMap>;
      if (type !== 'map' || map === undefined) return;
      this.map = map;
      this.chosen = undefined;
      this.focused = undefined;
    });
  }

  override render(): TemplateResult {
    const { map } = this;
    if (map === undefined) return skeleton(t('Reading the notes…'));
    if (map.semantic.length + map.algorithmic.length === 0) return emptyState(t('No finding of this workspace names a subject yet. Pin something, and what it is about appears here.'));
    return html`<div class="findings-map">
      <p class="quiet">${t('What is represented, and what is computed. A line joins two subjects that one finding is about: solid where it is unified, that is where both lie in one component and an interchange or ablation of it passed.')}</p>
      <div class="sides" role="group" aria-label=${t('Map of findings')} @keydown=${this.onKey}>
        ${this.side(map, 'semantic', t('Semantic'))}
        <svg class="lines" height=${mapHeight(map)} viewBox=${`0 0 ${lineSpace} ${mapHeight(map)}`} preserveAspectRatio="none" aria-hidden="true">${drawnLines(map, this.chosen).map(({ path, unified, lit, title, findings }) => svg`
          <path class="line ${unified ? 'unified' : 'loose'} ${lit ? '' : 'dim'}" d=${path} @click=${() => this.open(findings)}><title>${title}</title></path>`)}</svg>
        ${this.side(map, 'algorithmic', t('Algorithmic'))}
      </div>
      ${map.left > 0 ? html`<p class="quiet">${t('{0} more subjects are not shown.', map.left)}</p>` : nothing}
      ${this.table(map)}</div>`;
  }

  protected override updated(changed: PropertyValues): void {
    if (!changed.has('focused') || !this.moving) return;
    this.moving = false;
    this.querySelector<HTMLElement>('.node[tabindex="0"]')?.focus();
  }

  private side(map: MapOfFindings, side: Side, name: string): TemplateResult {
    return html`<section class="side ${side}" aria-label=${name}><h2>${name}</h2>
      ${map[side].map((subject, index) => this.node(map, subject, { side, index }))}</section>`;
  }

  private node(map: MapOfFindings, subject: MapSubject, place: MapPlace): TemplateResult {
    const stop = this.focused ?? { side: map.semantic.length > 0 ? 'semantic' : 'algorithmic', index: 0 };
    const pressed = this.chosen !== undefined && same(this.chosen, place);
    return html`<button class="node" tabindex=${same(stop, place) ? 0 : -1} aria-pressed=${pressed} title=${subject.name} @focus=${() => { this.focused = place; }} @click=${() => this.choose(subject, place)}>
      <span class="name">${subject.name}</span> <span class="count" aria-label=${t('{0} findings', subject.findings.length)}>${subject.findings.length}</span></button>`;
  }

  private table(map: MapOfFindings): TemplateResult {
    return html`<div class="list"><h2>${this.chosen === undefined ? t('The same as a list') : t('Findings about it')}
        ${this.chosen === undefined ? nothing : html`<button class="icon-button codicon codicon-close" aria-label=${t('Show all')} title=${t('Show all')} @click=${() => { this.chosen = undefined; }}></button>`}</h2>
      <div class="table-frame" tabindex="0" role="region" aria-label=${t('The same as a list')}><table class="data"><thead><tr><th scope="col">${t('subject')}</th><th scope="col">${t('side')}</th><th scope="col">${t('joined with')}</th><th scope="col">${t('findings')}</th></tr></thead>
      <tbody>${mapRows(map, this.chosen).map(({ subject, side, joined }) => html`<tr>
        <th scope="row"><button class="link" @click=${() => this.send({ type: 'openSubject', uri: subject.uri })}>${subject.name}</button></th>
        <td>${side === 'semantic' ? t('Semantic') : t('Algorithmic')}</td><td>${joined.map((name) => html`<div>${name}</div>`)}</td>
        <td>${subject.findings.map((finding) => html`<div><button class="link" @click=${() => this.open([finding])}>${finding.title}</button> <span class="quiet">${finding.grade}</span></div>`)}</td></tr>`)}</tbody></table></div></div>`;
  }

  /** A subject of one finding opens it; of several, the table lists them. */
  private choose({ findings }: MapSubject, place: MapPlace): void {
    this.chosen = this.chosen !== undefined && same(this.chosen, place) ? undefined : place;
    if (findings.length === 1) this.open(findings);
  }

  private open([first]: readonly MapFinding[]): void {
    if (first !== undefined) this.send({ type: 'openFinding', path: first.path });
  }

  private onKey(event: KeyboardEvent): void {
    const { map, focused } = this;
    if (map === undefined || focused === undefined) return;
    if (event.key === 'Escape' && this.chosen !== undefined) this.chosen = undefined;
    const next = movedPlace(map, focused, event.key);
    if (next === undefined) return;
    event.preventDefault();
    this.moving = true;
    this.focused = next;
  }

  private send(message: FromMap): void {
    this.host?.send(message);
  }
}

const same = (a: MapPlace, b: MapPlace): boolean => a.side === b.side && a.index === b.index;
