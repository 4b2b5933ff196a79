/** Old and new values of a note's evidence, side by side, in VS Code's own comparison. */
import { Uri, commands, l10n, workspace } from 'vscode';
import type { TextDocumentContentProvider } from 'vscode';
import { mapLines } from '../../notes/format/emitYaml.ts';
import type { Writable } from '../../notes/format/emitYaml.ts';
import { evidenceMap } from '../../notes/edits.ts';
import type { FindingNotes } from './findingNotes.ts';
import type { Verifier } from './verification.ts';

const comparisonScheme = 'mechanist-evidence';

export class Comparisons implements TextDocumentContentProvider {
  private readonly notes: FindingNotes;
  private readonly verifier: Verifier;

  constructor(notes: FindingNotes, verifier: Verifier) {
    this.notes = notes;
    this.verifier = verifier;
  }

  /** Runs the evidence first if it has not been run since the window opened. */
  async show(path: string): Promise<void> {
    await this.notes.ready();
    const entry = this.notes.index.at(path);
    if (entry === undefined) return;
    if (this.verifier.lastOf(path).length === 0) await this.verifier.verify([path]);
    const uri = (side: string): Uri => Uri.from({ scheme: comparisonScheme, path: `/${entry.finding.id}.yaml`, query: JSON.stringify({ side, path, at: Date.now() }) });
    await commands.executeCommand('vscode.diff', uri('recorded'), uri('found'), l10n.t('{0}: recorded ↔ now', entry.finding.title));
  }

  provideTextDocumentContent(uri: Uri): string {
    const { side, path } = JSON.parse(uri.query) as { side: string; path: string };
    return this.verifier.lastOf(path).flatMap(({ id, recorded, result }) => {
      const record: { readonly [key: string]: Writable } = side === 'recorded' ? evidenceMap(recorded)
        : result.found === undefined ? { id, method: recorded.method, state: result.state, reason: result.reason }
          : evidenceMap({ ...result.found, id });
      return [`# ${id}`, ...mapLines(record), ''];
    }).join('\n');
  }
}

export function registerComparisons(comparisons: Comparisons): { dispose(): unknown } {
  return workspace.registerTextDocumentContentProvider(comparisonScheme, comparisons);
}
