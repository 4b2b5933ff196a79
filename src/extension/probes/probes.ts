/** The probes that the workspace keeps, in `.mechanist/probes` of each of its folders. Read when somebody looks. */
import { Uri, l10n, workspace } from 'vscode';
import type { ProbeEntry, ProbeSummary } from '../../protocol/methods/probes.ts';
import { Disposables } from '../disposables.ts';
import type { Disposable } from '../disposables.ts';
import { Listeners } from '../listeners.ts';
import type { EnginePort } from '../process/enginePort.ts';

const place = ['.mechanist', 'probes'] as const;

export class Probes implements Disposable {
  private readonly engine: EnginePort;
  private readonly owned = new Disposables();
  private readonly changes = this.owned.add(new Listeners<void>());
  private known: Promise<readonly ProbeEntry[]> | undefined;

  constructor(engine: EnginePort) {
    this.engine = engine;
    const watcher = this.owned.add(workspace.createFileSystemWatcher(`**/${place.join('/')}/*.safetensors`));
    const forget = (): void => this.forget();
    for (const event of [watcher.onDidChange, watcher.onDidCreate, watcher.onDidDelete, workspace.onDidGrantWorkspaceTrust, workspace.onDidChangeWorkspaceFolders]) this.owned.add(event(forget));
  }

  readonly onChange = this.changes.event;

  /** Those that can be read, and those that cannot with the reason; none in Restricted Mode. Rejects with `PeerError`. */
  async all(): Promise<readonly ProbeEntry[]> {
    if (!workspace.isTrusted) return [];
    const folders = this.folders().map(({ fsPath }) => fsPath);
    if (folders.length === 0) return [];
    this.known ??= this.engine.call('probe.list', { folders });
    try {
      return await this.known;
    } catch (error) {
      this.known = undefined;
      throw error;
    }
  }

  async readable(): Promise<ProbeSummary[]> {
    return (await this.all()).flatMap((entry) => ('probe' in entry ? [entry.probe] : []));
  }

  /** Where a new probe goes. Throws where probes cannot be kept. */
  folderForNew(): string {
    if (!workspace.isTrusted) throw new Error(l10n.t('Probes are trained, kept and painted in trusted workspaces only.'));
    const [folder] = this.folders();
    if (folder === undefined) throw new Error(l10n.t('Open a folder on disk first: probes are kept in it, below .mechanist/probes.'));
    return folder.fsPath;
  }

  forget(): void {
    this.known = undefined;
    this.changes.fire();
  }

  dispose(): void {
    this.owned.dispose();
  }

  private folders(): Uri[] {
    return (workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === 'file').map(({ uri }) => Uri.joinPath(uri, ...place));
  }
}
