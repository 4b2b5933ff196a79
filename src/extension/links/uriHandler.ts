/** Carries out what links from outside ask for: opens a model, shows a subject, opens a finding. */
import { commands, l10n, window, workspace } from 'vscode';
import type { Disposable, Uri } from 'vscode';
import { formatLink } from '../../notes/subjects.ts';
import { commandIds } from '../commandIds.ts';
import { openWithProgress } from '../commands/openModel.ts';
import type { OpenModels } from '../models/openModels.ts';
import { failureText } from '../../protocol/failureText.ts';
import type { ModelSource } from '../../protocol/methods.ts';
import { parseLinkRequest } from './linkRequest.ts';
import type { LinkRequest } from './linkRequest.ts';

export function registerUriHandler(models: OpenModels, report: (problem: string) => void): Disposable {
  return window.registerUriHandler({
    async handleUri(uri: Uri) {
      try {
        await follow(parseLinkRequest(uri.path, uri.query, l10n.t), models);
      } catch (error) {
        const what = failureText(error);
        report(`link: ${what}`);
        void window.showErrorMessage(l10n.t('The link could not be followed. {0}', what));
      }
    },
  });
}

async function follow(request: LinkRequest, models: OpenModels): Promise<void> {
  switch (request.kind) {
    case 'model': {
      if (await agreed(request.source)) await openWithProgress(models, request.source);
      return;
    }
    case 'subject': await commands.executeCommand(commandIds.openLink, request.uri); return;
    case 'finding': await commands.executeCommand(commandIds.openLink, formatLink({ kind: 'finding', id: request.id })); return;
  }
}

/** A bundled model is opened as asked; one from disk or the network only in trusted workspaces, and only when the user says so. */
async function agreed(source: ModelSource): Promise<boolean> {
  if (source.kind === 'zoo') return true;
  if (!workspace.isTrusted) {
    void window.showWarningMessage(l10n.t('Models are opened from disk or from the hub in trusted workspaces only. The bundled models are always available.'));
    return false;
  }
  const open = source.kind === 'hub' ? l10n.t('Download and open') : l10n.t('Open model');
  const question = source.kind === 'hub' ? l10n.t('A link asks to download the model {0} from the hub and open it.', source.id) : l10n.t('A link asks to open the model {0}.', source.path);
  return (await window.showWarningMessage(question, { modal: true }, open)) === open;
}
