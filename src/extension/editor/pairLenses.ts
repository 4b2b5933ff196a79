/** Above each line of a prompt-pair file: what can be asked of it. The algorithmic view reads the pair from the line itself. */
import { CodeLens, Range, l10n, languages } from 'vscode';
import type { CodeLensProvider, Disposable, TextDocument } from 'vscode';
import { commandIds } from '../commandIds.ts';
import { looksLikePair } from '../inspection/pairLine.ts';

/** Lines that get a lens; in a longer file the others are asked about from the view. */
const mostLines = 500;

export function registerPairLenses(): Disposable {
  return languages.registerCodeLensProvider({ pattern: '**/*.jsonl' }, new PairLenses());
}

class PairLenses implements CodeLensProvider {
  provideCodeLenses(document: TextDocument): CodeLens[] {
    const lenses: CodeLens[] = [];
    let first: CodeLens | undefined;
    for (let line = 0; line < Math.min(document.lineCount, mostLines); line++) {
      const { text, range } = document.lineAt(line);
      if (!looksLikePair(text)) continue;
      const selection = { text, document: document.uri.toString(), start: document.offsetAt(range.start), end: document.offsetAt(range.end) };
      first ??= new CodeLens(new Range(line, 0, line, 0), {
        title: `$(graph) ${l10n.t('Measure all pairs')}`, tooltip: l10n.t('Patching and circuits over the whole file, with 95 % intervals.'),
        command: commandIds.openAlgorithmic, arguments: [{ selection, allPairs: true, part: 'patching' }],
      });
      lenses.push(new CodeLens(new Range(line, 0, line, 0), {
        title: `$(beaker) ${l10n.t('Trace this pair')}`, tooltip: l10n.t('Why this answer rather than the other? Opens the algorithmic view.'),
        command: commandIds.openAlgorithmic, arguments: [{ selection }],
      }));
    }
    return first === undefined || lenses.length < 2 ? lenses : [first, ...lenses];
  }
}
