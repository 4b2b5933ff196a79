/** `<mechanist-circuit>`: which edges between components carry the behaviour, and is that better than chance. */
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import type { CircuitMembers } from '../../../src/protocol/methods/algorithmicResults.ts';
import { emptyState } from '../../shared/components/states.ts';
import { t } from '../../shared/strings.ts';
import { InquiryElement } from '../parts/inquiryElement.ts';
import { memo } from '../parts/memo.ts';
import { signedText } from '../parts/names.ts';
import { choice, drawWork, pinButton, purpose, runButton } from '../parts/work.ts';
import { promptsOf } from '../question/question.ts';
import type { CircuitWork, ScoredEdges } from './circuitWork.ts';
import { evaluationView } from './evaluationView.ts';
import type { NodeEvent } from './drawingView.ts';
import { ownerOf } from './drawing.ts';
import { pinCircuit } from './pin.ts';
import { circuitDrawing, edgeCount, exactChart } from './viewModel.ts';

/** Edges of a circuit that are listed at once. */
const listed = 200;

export class CircuitTab extends InquiryElement {
  static override readonly properties = { ...InquiryElement.properties, work: { attribute: false } };
  declare work: CircuitWork;
  private readonly drawing = memo(circuitDrawing);
  private readonly exact = memo(exactChart);

  override render(): TemplateResult {
    const { inquiry, work } = this;
    return html`${purpose(t('Which edges carry the behaviour, and is that circuit better than a random one?'), t('Heads and MLPs are taken as the atoms, and effects as nearly linear. A circuit need not be unique.'), t('50 random circuits of its size or of its degrees, held-out pairs, and the best circuit without its strongest edges.'))}
      ${promptsOf(inquiry.question) === undefined ? emptyState(t('A circuit is found between two prompts: type one above and one to compare with, or open a file of prompt pairs.'), { label: t('Open scores of EAP-IG…'), run: () => void work.importFile() }) : this.tools()}
      ${drawWork(work.edges, { loading: t('Scoring every edge…'), lines: 8, draw: (edges) => this.scored(edges) })}`;
  }

  private tools(): TemplateResult {
    const { inquiry, work } = this;
    const { method, steps } = inquiry.place.circuit;
    return html`<div class="row tools-row">
      ${choice(t('method'), method, [
        { value: 'eap', label: t('EAP: gradient') }, { value: 'eap-ig', label: t('EAP-IG: integrated gradients') }, { value: 'eap-ig-activations', label: t('EAP-IG over activations') },
        { value: 'clean-corrupted', label: t('gradients at both ends') }, { value: 'exact', label: t('exact edge patching') }, { value: 'path-patching', label: t('path patching') },
      ], (next) => inquiry.choose('circuit', { method: next }))}
      ${method.startsWith('eap-ig') ? html`<label class="choice"><span>${t('steps')}</span><input type="number" min="1" max="100" .value=${String(steps)} @change=${(event: Event) => inquiry.choose('circuit', { steps: clampInt((event.currentTarget as HTMLInputElement).value, 1, 100) })}></label>` : nothing}
      ${runButton(t('Score edges'), () => void work.run())}
      <vscode-button secondary @click=${() => void work.importFile()}>${t('Open scores of EAP-IG…')}</vscode-button>
    </div>`;
  }

  private scored(edges: ScoredEdges): TemplateResult {
    const { inquiry, work } = this;
    const { select, edges: wanted, threshold } = inquiry.place.circuit;
    const count = edgeCount(edges.result);
    const exact = this.exact(edges.result);
    return html`<div class="row tools-row">
      ${choice(t('keep'), select, [{ value: 'top', label: t('the strongest') }, { value: 'greedy', label: t('greedy from the logits') }, { value: 'threshold', label: t('above a threshold') }], (next) => void work.select({ select: next }))}
      ${select === 'threshold' ? html`<label class="choice"><span>${t('|score| ≥')}</span><input type="number" min="0" step="any" .value=${String(threshold)} @change=${(event: Event) => void work.select({ threshold: Math.max(0, Number((event.currentTarget as HTMLInputElement).value) || 0) })}></label>`
        : html`<label class="choice"><span>${t('edges')}</span><input type="range" class="wide" min="1" max=${Math.min(count, 400)} .value=${String(Math.min(wanted, count))} @input=${(event: Event) => void work.select({ edges: Number((event.currentTarget as HTMLInputElement).value) })}><output>${t('{0} of {1}', Math.min(wanted, count), count)}</output></label>`}
      ${runButton(t('Test this circuit'), () => void work.evaluate(), work.members.value === undefined)}
      <label class="choice"><span>${t('held out')}</span><vscode-button secondary @click=${() => void this.chooseHeldOut()}>${inquiry.place.circuit.heldOut?.split(/[\\/]/).at(-1) ?? t('choose pairs…')}</vscode-button></label>
      <button class="icon-button codicon codicon-json" aria-label=${t('Save as EAP-IG graph (JSON)')} title=${t('Save as EAP-IG graph (JSON)')} @click=${() => void work.exportJson()}></button>
    </div>
    ${evaluationView(work.evaluation)}
    <div class="two">
      ${drawWork(work.members, { loading: t('Choosing edges…'), draw: (members) => html`<mechanist-layers .drawing=${this.drawing(members)} .name=${t('Circuit')} .selected=${work.node} @node-choose=${({ detail }: NodeEvent) => work.choose(detail)}></mechanist-layers>` })}
      <div>${work.members.value === undefined ? nothing : this.list(work.members.value)}
      ${exact === undefined ? html`<p class="quiet">${t('These values are exact, or none was measured beside its estimate.')}</p>` : html`<mechanist-chart .spec=${exact}></mechanist-chart>`}</div>
    </div>`;
  }

  private list(members: CircuitMembers): TemplateResult {
    const { edges, of } = members;
    const { node, evaluation: { value: evaluation } } = this.work;
    const own = node === undefined ? edges : edges.filter(({ sender, receiver }) => sender === node || ownerOf(receiver) === node);
    return html`<section aria-label=${t('Edges')}><h2>${t('{0} of {1} edges', own.length, of)}${node === undefined ? nothing : html` <button class="chip" @click=${() => this.work.choose(node)}>${node} ×</button>`}
      ${pinButton(t('Pin this circuit'), () => pinCircuit(this.inquiry, members, evaluation, this.work.heldOut))}</h2>
      <div class="table-frame" tabindex="0" role="region" aria-label=${t('Edges of the circuit')}><table class="data"><thead><tr><th scope="col">${t('from')}</th><th scope="col">${t('to')}</th><th scope="col">${t('score')}</th></tr></thead>
      <tbody>${own.slice(0, listed).map(({ sender, receiver, score }) => html`<tr><td>${sender}</td><td>${receiver}</td><td class="number">${signedText(score)}</td></tr>`)}</tbody></table></div>
      <p class="quiet">${t('Score: change of the metric when the edge takes the other prompt’s value. Drawn: what the edge does for the answer, blue for it, orange and dashed against it.')}</p>
      ${own.length > listed ? html`<p class="quiet">${t('and {0} more, in the JSON', own.length - listed)}</p>` : nothing}</section>`;
  }

  private async chooseHeldOut(): Promise<void> {
    const [path] = await this.inquiry.session.channel.ask('panel.pick', { what: 'file', title: t('Pairs that had no part in finding it'), extensions: ['jsonl'] });
    if (path !== undefined) this.inquiry.choose('circuit', { heldOut: path });
  }
}

function clampInt(text: string, least: number, most: number): number {
  return Math.min(most, Math.max(least, Math.round(Number(text)) || least));
}
