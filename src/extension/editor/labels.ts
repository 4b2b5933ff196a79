/** Where the workspace keeps labels of features, and when they have changed. */
import { RelativePattern, workspace } from 'vscode';
import { Disposables } from '../disposables.ts';
import type { Disposable } from '../disposables.ts';
import type { FeatureNames } from '../inspection/featureNames.ts';
import { firstFolder, keptFolder } from '../workspaceFolders.ts';

/** `.mechanist/labels` of the first folder on disk; nothing is read from a workspace that is not trusted. */
export function labelsFolder(): string | undefined {
  return workspace.isTrusted ? keptFolder('labels') : undefined;
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
