/** The two tables of the inspector: features at the token, and the prediction across layers. */
import { html } from 'lit';
import type { TemplateResult } from 'lit';
import { bar } from '../shared/components/bars.ts';
import { t } from '../shared/strings.ts';
import type { FeatureRow, LensRow } from './viewModel.ts';

export function featureTable(rows: readonly FeatureRow[], painted: number | undefined, onChoose: (feature: number) => void, onPaint: (feature: number) => void, onPin: (feature: number) => void): TemplateResult {
  if (rows.length === 0) return html`<p class="quiet">${t('No feature is active at this token.')}</p>`;
  return html`<table class="features" aria-label=${t('Features at this token')}>
    <thead class="only-heard"><tr><th scope="col">${t('feature')}</th><th scope="col">${t('bar')}</th><th scope="col">${t('activation')}</th><th scope="col">${t('actions')}</th></tr></thead>
    <tbody>${rows.map(({ feature, name, share, activation }) => html`<tr>
      <th scope="row"><button class="chip" aria-pressed=${painted === feature} title=${t('Colour the tokens by this feature')} @click=${() => onChoose(feature)}>#${feature}</button>${name === '' ? '' : html`<span class="name" title=${name}>${name}</span>`}</th>
      <td class="bar">${bar(share)}</td>
      <td class="number">${activation}</td>
      <td class="actions"><vscode-icon name="symbol-color" action-icon label=${t('Paint feature {0} in the editor', feature)} title=${t('Paint in the editor')} @click=${() => onPaint(feature)}></vscode-icon><vscode-icon name="pin" action-icon label=${t('Pin feature {0} to a finding', feature)} title=${t('Pin to a finding')} @click=${() => onPin(feature)}></vscode-icon></td>
    </tr>`)}</tbody>
  </table>`;
}

export function lensTable(rows: readonly LensRow[], target: string): TemplateResult {
  return html`<table class="lens" aria-label=${t('Prediction across layers')}>
    <thead><tr>
      <th scope="col">${t('layer')}</th><th scope="col">${t('top token')}</th>
      <th scope="col" colspan="2" class="number">${t('p of “{0}”', target)}</th><th scope="col" class="number">${t('rank')}</th>
    </tr></thead>
    <tbody>${rows.map(({ layer, hook, top, probability, rank, share }) => html`<tr>
      <th scope="row" title=${hook}>${layer}</th><td class="word">${top}</td><td class="bar">${bar(share, { tone: 'category' })}</td><td class="number">${probability}</td><td class="number">${rank}</td>
    </tr>`)}</tbody>
  </table>`;
}
