/** Where the workspace keeps labels of features, and when they have changed. */
import { RelativePattern, Uri, workspace } from 'vscode';
import { Disposables } from '../disposables.ts';
import type { Disposable } from '../disposables.ts';
import type { FeatureNames } from '../inspection/featureNames.ts';

/** `.mechanist/labels` of the first folder on disk; nothing is read from a workspace that is not trusted. */
export function labelsFolder(): string | undefined {
  const root = firstFolder();
  return root === undefined || !workspace.isTrusted ? undefined : Uri.joinPath(root, '.mechanist', 'labels').fsPath;
}

export function forgetChangedLabels(names: FeatureNames): Disposable {
  const owned = new Disposables();
  const forget = (): void => names.forget();
  owned.add(workspace.onDidGrantWorkspaceTrust(forget));
  const root = firstFolder();
  if (root === undefined) return owned;
  const watcher = owned.add(workspace.createFileSystemWatcher(new RelativePattern(root, '.mechanist/labels/*')));
  for (const event of [watcher.onDidChange, watcher.onDidCreate, watcher.onDidDelete]) owned.add(event(forget));
  return owned;
}

function firstFolder(): Uri | undefined {
  return workspace.workspaceFolders?.find(({ uri }) => uri.scheme === 'file')?.uri;
}
