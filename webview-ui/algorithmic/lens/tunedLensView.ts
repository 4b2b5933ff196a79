/** The tuned lens: what it is, training one, and how much it brings on text that it was not trained on. */
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import type { TunedLensReport } from '../../../src/protocol/methods/algorithmicResults.ts';
import { barRows } from '../../shared/components/bars.ts';
import { progressLine } from '../../shared/components/progress.ts';
import { failure } from '../../shared/components/states.ts';
import { t } from '../../shared/strings.ts';
import type { Inquiry } from '../inquiry.ts';
import { hookLabel } from '../parts/names.ts';
import { runButton, shareOf } from '../parts/work.ts';
import { trainJob } from './lensWork.ts';
import type { LensWork } from './lensWork.ts';

export function tunedLensView(inquiry: Inquiry, work: LensWork): TemplateResult {
  const { session, place } = inquiry;
  const job = session.job(trainJob);
  const { trusted, folders } = session.context;
  const choose = async (): Promise<void> => {
    const [path] = await session.channel.ask('panel.pick', { what: 'folder', title: t('Folder of a tuned lens') });
    if (path !== undefined) await work.useTuned(path);
  };
  return html`<section aria-label=${t('Tuned lens')}>
    <h2>${t('Is it the basis?')}</h2>
    <p class="quiet">${t('A tuned lens translates each layer into the basis of the last one; it is trained on any text.')}</p>
    ${job?.state === 'running' ? progressLine({ what: t('Training the lens…'), share: shareOf(job.progress), cancel: () => void session.channel.ask('panel.job.cancel', { id: trainJob }) }) : nothing}
    ${job?.state === 'failed' ? failure(job.message ?? '', { label: t('Dismiss'), run: () => void session.channel.ask('panel.job.dismiss', { id: trainJob }) }) : nothing}
    ${job?.state === 'done' ? trained(job.result as TunedLensReport, place.lens.tuned, (path) => void work.useTuned(path)) : nothing}
    <div class="row">
      ${runButton(t('Train on a text file…'), () => void work.train(), job?.state === 'running' || !trusted || folders === undefined)}
      <vscode-button secondary @click=${() => void choose()}>${t('Use a trained one…')}</vscode-button>
      ${place.lens.tuned === undefined ? nothing : html`<vscode-button secondary @click=${() => void work.useTuned(undefined)}>${t('Leave the tuned lens')}</vscode-button>`}
    </div>
    ${trusted && folders !== undefined ? nothing : html`<p class="quiet">${t('Training writes into the workspace: it needs a trusted folder on disk.')}</p>`}
  </section>`;
}

function trained(report: TunedLensReport, used: string | undefined, use: (path: string) => void): TemplateResult {
  return html`${barRows(report.layers.map(({ hook, before, after }) => ({ label: hookLabel(hook), value: after, text: after.toFixed(3), control: before, controlText: before.toFixed(3) })), {
    name: t('KL to the output on held-out text'), columns: { label: t('layer'), value: t('KL of the tuned lens'), control: t('logit lens') },
  })}<p class="quiet">${t('{0} tokens held out of {1}', report.heldOutTokens, report.heldOutTokens + report.trainTokens)}</p>
  ${used === report.path ? nothing : html`<vscode-button @click=${() => use(report.path)}>${t('Use this lens')}</vscode-button>`}`;
}
