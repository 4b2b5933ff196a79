/** Change nodes in the model, and see which predictions of the graph hold; random features put to the same change beside. */
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { barRows } from '../../shared/components/bars.ts';
import { caution } from '../../shared/components/states.ts';
import { probabilityText } from '../../shared/notation.ts';
import { t } from '../../shared/strings.ts';
import { memo } from '../parts/memo.ts';
import { fixed } from '../parts/names.ts';
import { drawWork } from '../parts/work.ts';
import type { GraphWork, Intervened } from './graphWork.ts';
import { targetText } from './nodeText.ts';
import { controlChart, scatterChart } from './viewModel.ts';

const scatter = memo(scatterChart);
const control = memo(controlChart);

/** `activation`: what a clamp starts from; without one nodes are multiplied. */
export function interventionView(work: GraphWork, nodes: readonly number[], activation: number | undefined): TemplateResult {
  const summary = work.summary.value;
  if (summary?.source.kind !== 'built') return html`<p class="quiet">${t('A graph from a file cannot be tested: build it here, with its model and transcoders, to change nodes and measure.')}</p>`;
  const number = (event: Event): number => Number((event.currentTarget as HTMLElement).closest('.intervene')!.querySelector<HTMLInputElement>('input')!.value);
  return html`<section class="intervene" aria-label=${t('Test by changing')}><h3>${t('Does the model agree?')}</h3>
    <div class="row">
      <vscode-button @click=${() => void work.intervene(nodes, { kind: 'ablate' }, 'model')}>${t('Ablate')}</vscode-button>
      <label class="choice"><span>${activation === undefined ? t('factor') : t('value')}</span><input type="number" step="any" .value=${String(activation === undefined ? 1 : Number((activation * 2).toPrecision(3)))}></label>
      <vscode-button secondary @click=${(event: Event) => void work.intervene(nodes, { kind: 'clamp', value: number(event) }, 'model')}>${t('Clamp')}</vscode-button>
      <vscode-button secondary title=${t('Attention, norms and MLP outputs held fixed, where the prediction should be exact')} @click=${() => void work.intervene(nodes, { kind: 'ablate' }, 'direct')}>${t('Ablate, all else held')}</vscode-button>
    </div>
    ${drawWork(work.intervention, { loading: t('Changing it and measuring…'), draw: drawn })}</section>`;
}

function drawn(value: Intervened): TemplateResult {
  const { features, logits, probabilities, control: random } = value.result;
  return html`<p>${t('predicted and measured: features r = {0} ({1}), logits r = {2} ({3})', fixed(features.correlation), features.targets.length, fixed(logits.correlation), logits.targets.length)}
      <span class="control">${t('random sets: effect p = {0}, {1} draws', fixed(random.p, 3), random.sets)}</span></p>
    ${random.p > 0.05 ? caution(t('Random active features change the prediction as much: this effect is not special to these nodes.')) : nothing}
    <mechanist-chart .spec=${scatter(value)}></mechanist-chart><mechanist-chart .spec=${control(value)}></mechanist-chart>
    ${barRows(logits.targets.slice(0, 8).map(({ label }, index) => ({ label: html`<span class="word">${targetText(label)}</span>`, value: probabilities.after[index]!, text: probabilityText(probabilities.after[index]!), control: probabilities.before[index]!, controlText: probabilityText(probabilities.before[index]!) })), {
      name: t('Predictions after the change'), columns: { label: t('token'), value: t('after'), control: t('before') },
    })}`;
}
