/** The labelling of a whole dictionary where its labels will be: how far it is, and what came of it. */
import { html } from 'lit';
import type { TemplateResult } from 'lit';
import type { AutoLabels } from '../../src/protocol/methods/labelResults.ts';
import type { PanelJob } from '../../src/protocol/views/panel.ts';
import { progressLine } from '../shared/components/progress.ts';
import { failure } from '../shared/components/states.ts';
import type { Session } from '../shared/session.ts';
import { t } from '../shared/strings.ts';
import { iconButton } from './browser/featureBrowser.ts';
import { isLabellingProgress, labellingOutcome, labellingText } from './model/labelling.ts';

/** `goOn` starts it again, which continues where it was. */
export function labellingLine({ channel }: Session, job: PanelJob, goOn: () => void): TemplateResult {
  const dismiss = (): void => void channel.ask('panel.job.dismiss', { id: job.id });
  switch (job.state) {
    case 'running': {
      const { progress } = job;
      const known = isLabellingProgress(progress) ? progress : undefined;
      return progressLine({ what: known === undefined ? t('Preparing…') : labellingText(known), share: known === undefined || known.of === 0 ? undefined : known.done / known.of, cancel: () => void channel.ask('panel.job.cancel', { id: job.id }) });
    }
    case 'cancelled': return html`<div class="progress-line" role="status"><span>${t('Labelling was stopped. Labels that were made are kept.')}</span>
      <vscode-button secondary @click=${goOn}>${t('Continue')}</vscode-button> ${iconButton('close', t('Close'), dismiss)}</div>`;
    case 'failed': return failure(job.message ?? '', { label: t('Close'), run: dismiss });
    case 'done': return html`<div class="outcome" role="status"><span class="codicon codicon-check" aria-hidden="true"></span>
      <span>${labellingOutcome(job.result as AutoLabels).join(' ')}</span> ${iconButton('close', t('Close'), dismiss)}</div>`;
  }
}
