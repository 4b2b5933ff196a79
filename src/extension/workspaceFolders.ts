/** Where the workspace keeps what Mechanist writes: `.mechanist` of its first folder on disk. */
import { Uri, workspace } from 'vscode';

export function firstFolder(): Uri | undefined {
  return workspace.workspaceFolders?.find(({ uri }) => uri.scheme === 'file')?.uri;
}

/** A folder of that, which need not exist; undefined for a workspace without a folder on disk. */
export function keptFolder(name: 'labels' | 'stores' | 'dictionaries'): string | undefined {
  const root = firstFolder();
  return root === undefined ? undefined : Uri.joinPath(root, '.mechanist', name).fsPath;
}
