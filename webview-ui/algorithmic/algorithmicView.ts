/** The algorithmic panel: the question on top, below it a tab for each way to answer it. */
import { html, nothing } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import type { ShowRequest } from '../../src/protocol/views/panel.ts';
import { keyHelp } from '../shared/components/keyHelp.ts';
import { noModel } from '../shared/components/noModel.ts';
import { emptyState, failure, skeleton } from '../shared/components/states.ts';
import { tabPanel, tabs } from '../shared/components/tabs.ts';
import { PageElement } from '../shared/element.ts';
import { isTyping } from '../shared/roving.ts';
import { SessionController } from '../shared/session.ts';
import type { Session } from '../shared/session.ts';
import { t } from '../shared/strings.ts';
import { keys, stepLayer } from './keys.ts';
import { tabIds } from './place.ts';
import type { TabId } from './place.ts';
import { show } from './show.ts';
import { Works } from './works.ts';

export class AlgorithmicView extends PageElement {
  static override readonly properties = { session: { attribute: false }, help: { state: true } };
  declare session: Session | undefined;
  declare private help: boolean;
  private works: Works | undefined;
  private ends: (() => void)[] = [];

  constructor() {
    super();
    this.session = undefined;
    this.help = false;
    new SessionController(this, () => this.session);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    // On the document: a page that has just been shown has its focus nowhere.
    document.addEventListener('keydown', this.onKey);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener('keydown', this.onKey);
    for (const end of this.ends) end();
    this.ends = [];
    this.works = undefined;
  }

  override render(): TemplateResult {
    const { session, works } = this;
    if (session === undefined || !session.started || works === undefined) return skeleton(t('Starting…'));
    const { engine } = session.context;
    if (engine.kind === 'failed') return failure(engine.reason, { label: t('Restart engine'), run: () => void session.channel.ask('panel.restartEngine', {}) });
    const { tab } = works.inquiry.place;
    if (session.model === undefined && tab !== 'graph') return this.withoutModel(session);
    const names: Readonly<Record<TabId, string>> = { overview: t('Overview'), lens: t('Lens'), attention: t('Attention'), patching: t('Patching'), circuit: t('Circuit'), graph: t('Attribution graph'), compare: t('Compare') };
    return html`<div class="algorithmic">
      ${session.model === undefined ? nothing : html`<mechanist-question .inquiry=${works.inquiry} .pairs=${works.pairs}></mechanist-question>`}
      ${tabs(t('Ways to answer'), tabIds.map((id) => ({ id, label: names[id] })), tab, (id) => works.inquiry.showTab(id))}
      ${tabPanel(tab, this.content(works, tab))}
      <p class="pinned-note" role="status">${works.inquiry.pinned === undefined ? nothing : html`<span class="codicon codicon-${works.inquiry.pinned.ok ? 'check' : 'error'}" aria-hidden="true"></span> ${works.inquiry.pinned.message}`}</p>
    </div>
    ${this.help ? keyHelp(keys(), () => { this.help = false; }) : nothing}`;
  }

  protected override willUpdate(changed: PropertyValues): void {
    const { session } = this;
    if (!changed.has('session') || session === undefined) return;
    session.onShow((request) => void this.show(request));
  }

  protected override update(changed: PropertyValues): void {
    const { session } = this;
    if (session?.started === true && this.works === undefined) {
      this.works = new Works(session);
      this.ends.push(this.works.inquiry.watch(() => this.requestUpdate()));
    }
    super.update(changed);
  }

  private withoutModel(session: Session): TemplateResult {
    return html`${noModel(session, t('Why does a model predict this token rather than that one? Open a model to ask.'))}
      ${emptyState(t('A graph of circuit-tracer or Neuronpedia can be looked at without its model.'), { label: t('Open a graph file…'), run: () => { this.works?.inquiry.showTab('graph'); void this.works?.graph.chooseFile(); } })}`;
  }

  private content({ inquiry, lens, attention, patching, circuit, graph, compare }: Works, tab: TabId): TemplateResult {
    switch (tab) {
      case 'overview': return html`<mechanist-overview .inquiry=${inquiry} .lens=${lens}></mechanist-overview>`;
      case 'lens': return html`<mechanist-lens .inquiry=${inquiry} .work=${lens}></mechanist-lens>`;
      case 'attention': return html`<mechanist-attention .inquiry=${inquiry} .work=${attention}></mechanist-attention>`;
      case 'patching': return html`<mechanist-patching .inquiry=${inquiry} .work=${patching}></mechanist-patching>`;
      case 'circuit': return html`<mechanist-circuit .inquiry=${inquiry} .work=${circuit}></mechanist-circuit>`;
      case 'graph': return html`<mechanist-graph-tab .inquiry=${inquiry} .work=${graph}></mechanist-graph-tab>`;
      case 'compare': return html`<mechanist-compare .inquiry=${inquiry} .work=${compare}></mechanist-compare>`;
    }
  }

  /** Something is asked for from outside: a question, a head, a graph file. It may come before the model is open. */
  private async show(request: ShowRequest): Promise<void> {
    await this.updateComplete;
    if (this.works !== undefined) await show(this.works, request);
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    const { works } = this;
    if (works === undefined || isTyping(event) || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === '?') this.help = true;
    else if (event.key === '/') (this.querySelector<HTMLElement>('#graph-search') ?? this.querySelector<HTMLElement>('#prompt'))?.focus();
    else if (event.key === '[' || event.key === ']') stepLayer(works, event.key === ']' ? 1 : -1);
    else if (/^[1-7]$/.test(event.key)) works.inquiry.showTab(tabIds[Number(event.key) - 1]!);
    else return;
    event.preventDefault();
  };
}
