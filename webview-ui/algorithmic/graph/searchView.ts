/** Search in the whole graph, not only in what is drawn. */
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { t } from '../../shared/strings.ts';
import { drawWork } from '../parts/work.ts';
import type { GraphWork } from './graphWork.ts';
import { nodeName, placeText } from './nodeText.ts';

export function searchView(work: GraphWork, tokens: readonly string[]): TemplateResult {
  return html`<section aria-label=${t('Search')}><input type="search" id="graph-search" class="grow" aria-label=${t('Search nodes')} placeholder=${t('Search label, token, #feature  ( / )')} @input=${(event: Event) => void work.search((event.currentTarget as HTMLInputElement).value)}>
    ${drawWork(work.found, {
      loading: t('Searching…'), lines: 3,
      draw: ({ total, nodes }) => html`<p class="quiet" role="status">${t('{0} nodes', total)}</p><ul class="pinned">${nodes.map((node) => html`<li><button class="link" @click=${() => work.select(node)}>${nodeName(node)}</button> <span>${node.kind === 'feature' ? node.label : ''}</span> <span class="quiet">${node.kind === 'logit' ? nothing : placeText(node, tokens)}</span>
        <span class="spacer-grow"></span><button class="icon-button codicon codicon-${work.pinned.includes(node.node) ? 'pinned' : 'pin'}" aria-pressed=${work.pinned.includes(node.node)} aria-label=${t('Keep {0} in the subgraph', nodeName(node))} title=${t('Keep in the subgraph')} @click=${() => void work.togglePin(node.node)}></button></li>`)}</ul>`,
    })}</section>`;
}
