/** `<mechanist-compare>`: do two methods find the same circuit, and what differs between two graphs. */
import { html, nothing } from 'lit';
import type { PropertyValues, TemplateResult } from 'lit';
import type { GraphDiff } from '../../../src/protocol/methods/graphResults.ts';
import { bar } from '../../shared/components/bars.ts';
import { emptyState } from '../../shared/components/states.ts';
import { t } from '../../shared/strings.ts';
import { nodeName } from '../graph/nodeText.ts';
import { InquiryElement } from '../parts/inquiryElement.ts';
import { fixed } from '../parts/names.ts';
import { choice, drawWork, purpose } from '../parts/work.ts';
import type { CircuitPair, CompareWork } from './compareWork.ts';
import { overlapOf } from './viewModel.ts';

export class CompareTab extends InquiryElement {
  static override readonly properties = { ...InquiryElement.properties, work: { attribute: false }, first: { state: true }, second: { state: true } };
  declare work: CompareWork;
  declare private first: string | undefined;
  declare private second: string | undefined;

  constructor() {
    super();
    this.first = undefined;
    this.second = undefined;
  }

  override render(): TemplateResult {
    return html`${purpose(t('What is the same in two circuits or graphs?'), t('What two have in common is shown beside what chance alone would share.'), t('random circuits of the same sizes.'))}
      <div class="two">${this.circuits()}${this.graphs()}</div>`;
  }

  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    if (this.work.graphs.state.kind === 'idle' && this.inquiry.session.context.engine.kind === 'ready') void this.work.listGraphs();
  }

  private circuits(): TemplateResult {
    const { kept } = this.work.circuit;
    if (kept.length < 2) {
      return html`<section aria-label=${t('Circuits')}><h2>${t('Do two methods find the same circuit?')}</h2>
        ${emptyState(t('Score the edges of this question by two methods in the tab “Circuit”; both are kept here. So far: {0}.', kept.length), { label: t('Go to Circuit'), run: () => this.inquiry.showTab('circuit') })}</section>`;
    }
    const names = kept.map(({ name }) => ({ value: name, label: name }));
    const [first, second] = [this.first ?? names[0]!.value, this.second ?? names[1]!.value];
    const find = (name: string) => kept.find((one) => one.name === name);
    const compare = (a: string, b: string): void => {
      [this.first, this.second] = [a, b];
      const [one, other] = [find(a), find(b)];
      if (one !== undefined && other !== undefined) void this.work.compareCircuits(one, other);
    };
    return html`<section aria-label=${t('Circuits')}><h2>${t('Do two methods find the same circuit?')}</h2>
      <div class="row tools-row">${choice(t('first'), first, names, (next) => compare(next, second))}${choice(t('second'), second, names, (next) => compare(first, next))}
        <vscode-button @click=${() => compare(first, second)}>${t('Compare')}</vscode-button></div>
      ${drawWork(this.work.circuits, { loading: t('Comparing…'), draw: overlapView })}</section>`;
  }

  private graphs(): TemplateResult {
    const { work } = this;
    const graphs = work.graphs.value ?? [];
    const options = [{ value: '', label: t('choose…') }, ...graphs.map(({ graph, title }) => ({ value: graph, label: title }))];
    return html`<section aria-label=${t('Graphs')}><h2>${t('What differs between two attribution graphs?')}</h2>
      ${graphs.length < 2 ? html`<p class="quiet">${t('Two graphs have to be open: of two prompts, models or sets of transcoders. Open now: {0}.', graphs.length)}</p>` : html`<div class="row tools-row">
        ${choice(t('first'), work.chosen[0] ?? '', options, (graph) => { if (graph !== '') void work.choose(0, graph); })}${choice(t('second'), work.chosen[1] ?? '', options, (graph) => { if (graph !== '') void work.choose(1, graph); })}</div>`}
      <div class="row"><vscode-button secondary @click=${() => void work.openFile()}>${t('Open a graph file…')}</vscode-button><vscode-button secondary @click=${() => void work.listGraphs()}>${t('Look again')}</vscode-button></div>
      ${drawWork(work.diff, { loading: t('Comparing…'), draw: diffView })}</section>`;
  }
}

function overlapView({ names, members }: CircuitPair): TemplateResult {
  const { common, onlyFirst, onlySecond, expected, jaccard } = overlapOf(...members);
  const list = (label: string, edges: readonly string[]): TemplateResult => html`<details><summary>${label} (${edges.length})</summary><ul class="word">${edges.slice(0, 100).map((edge) => html`<li>${edge}</li>`)}</ul></details>`;
  return html`<p>${t('{0} edges in common, {1} of all', common.length, fixed(jaccard))} <span class="control">${t('random circuits of these sizes: {0}', fixed(expected, 1))}</span></p>
    ${bar(jaccard, { control: common.length > 0 ? (expected / common.length) * jaccard : undefined })}
    ${list(t('in both'), common)}${list(t('only in {0}', names[0]), onlyFirst)}${list(t('only in {0}', names[1]), onlySecond)}`;
}

function diffView({ common, onlyFirst, onlySecond, correlation, nodes, edges }: GraphDiff): TemplateResult {
  const share = (value: number): string => `${(100 * value).toFixed(1)} %`;
  return html`<p>${t('{0} nodes in both, {1} only in the first, {2} only in the second; influence r = {3}', common, onlyFirst, onlySecond, fixed(correlation))}</p>
    <div class="table-frame" tabindex="0" role="region" aria-label=${t('Nodes that differ most')}><table class="data"><thead><tr><th scope="col">${t('node')}</th><th scope="col">${t('label')}</th><th scope="col" class="number">${t('first')}</th><th scope="col" class="number">${t('second')}</th></tr></thead>
    <tbody>${nodes.map(({ first, second, shares }) => {
      const node = first ?? second;
      return node === undefined ? nothing : html`<tr><td>${nodeName(node)}</td><td>${node.kind === 'feature' ? node.label : ''}</td><td class="number">${first === undefined ? '–' : share(shares[0])}</td><td class="number">${second === undefined ? '–' : share(shares[1])}</td></tr>`;
    })}</tbody></table></div>
    <h3>${t('Edges that differ most')}</h3>
    <div class="table-frame" tabindex="0" role="region" aria-label=${t('Edges that differ most')}><table class="data"><thead><tr><th scope="col">${t('from')}</th><th scope="col">${t('to')}</th><th scope="col" class="number">${t('first')}</th><th scope="col" class="number">${t('second')}</th></tr></thead>
    <tbody>${edges.map(({ source, target, shares }) => html`<tr><td>${nodeName(source)}</td><td>${nodeName(target)}</td><td class="number">${share(shares[0])}</td><td class="number">${share(shares[1])}</td></tr>`)}</tbody></table></div>`;
}
