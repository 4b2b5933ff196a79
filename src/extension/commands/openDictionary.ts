/** Opening a dictionary: one of the folders in the workspace that look like one, a typed path, or a folder from a dialog. */
import { Uri, l10n, window, workspace } from 'vscode';
import type { QuickPickItem, TreeDragAndDropController } from 'vscode';
import { failureText } from '../../protocol/failureText.ts';
import type { OpenModels } from '../models/openModels.ts';
import type { ModelNode } from '../views/modelsTree.ts';
import { pickStep } from '../pick.ts';

type Choice = { readonly path: string } | 'browse';

/** Files that a dictionary's folder has: SAELens' and circuit-tracer's. */
const markers = '**/{cfg.json,config.yaml}';
const mostFound = 50;
const uriList = 'text/uri-list';

/** `node`: an open model to open it for; otherwise the one in use. Rejects with `PeerError`. */
export async function openDictionary(models: OpenModels, node: ModelNode | undefined): Promise<void> {
  if (!workspace.isTrusted) {
    void window.showWarningMessage(l10n.t('Dictionaries are opened from disk in trusted workspaces only.'));
    return;
  }
  const model = node?.kind === 'open' ? node.model : (await models.need()).model;
  const picked = await pickStep<Choice>({
    title: l10n.t('Dictionary for {0}', model.id), placeholder: l10n.t('A folder of the workspace, or the path of one: SAELens, circuit-tracer'), step: 1, totalSteps: 1,
    items: found(), typed: (text) => (/^(?:\/|[A-Za-z]:[\\/])./.test(text.trim()) ? { label: `$(folder) ${text.trim()}`, detail: l10n.t('Enter opens it'), value: { path: text.trim() } } : undefined),
  });
  if (picked === undefined || picked === 'back') return;
  const path = picked.value === 'browse' ? await browse() : picked.value.path;
  if (path !== undefined) await models.openDictionary(model.model, path);
}

/** Folders that are dropped on the models are opened as dictionaries of the one in use. */
export function dictionaryDrop(models: OpenModels): TreeDragAndDropController<ModelNode> {
  return {
    dragMimeTypes: [], dropMimeTypes: [uriList],
    async handleDrop(_node, data) {
      const dropped = await data.get(uriList)?.asString();
      if (dropped === undefined) return;
      await openDropped(models, dropped).catch((error: unknown) => window.showErrorMessage(failureText(error)));
    },
  };
}

async function openDropped(models: OpenModels, dropped: string): Promise<void> {
  if (!workspace.isTrusted) {
    void window.showWarningMessage(l10n.t('Dictionaries are opened from disk in trusted workspaces only.'));
    return;
  }
  const { model } = await models.need();
  for (const line of dropped.split(/[\r\n]+/).filter((text) => text !== '' && !text.startsWith('#'))) {
    const uri = Uri.parse(line, true);
    // A file of the folder stands for it.
    const folder = /\/(?:cfg\.json|config\.yaml|[^/]+\.safetensors)$/.test(uri.path) ? Uri.joinPath(uri, '..') : uri;
    await models.openDictionary(model.model, folder.fsPath);
  }
}

async function found(): Promise<(QuickPickItem & { readonly value: Choice })[]> {
  const files = await workspace.findFiles(markers, '**/{node_modules,.git}/**', mostFound);
  const folders = [...new Map(files.map((file) => [Uri.joinPath(file, '..').toString(), Uri.joinPath(file, '..')])).values()];
  return [
    ...folders.filter(({ scheme }) => scheme === 'file').map((folder) => ({ label: `$(folder) ${folder.path.split('/').at(-1) ?? ''}`, description: workspace.asRelativePath(folder), value: { path: folder.fsPath } })).toSorted((a, b) => a.description.localeCompare(b.description)),
    { label: `$(folder-opened) ${l10n.t('Browse…')}`, detail: l10n.t('The folder of a dictionary on your disk'), alwaysShow: true, value: 'browse' },
  ];
}

async function browse(): Promise<string | undefined> {
  const [folder] = (await window.showOpenDialog({ canSelectFolders: true, canSelectFiles: false, openLabel: l10n.t('Open dictionary') })) ?? [];
  return folder?.fsPath;
}
