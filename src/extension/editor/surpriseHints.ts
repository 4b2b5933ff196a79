/** Inlay hints with the surprise of each token that the model did not expect. Off unless the setting is on. */
import { EventEmitter, InlayHint, MarkdownString, l10n, languages } from 'vscode';
import type { CancellationToken, InlayHintsProvider, Range, TextDocument } from 'vscode';
import { failureText } from '../../protocol/failureText.ts';
import { PeerError } from '../../protocol/peer.ts';
import { Disposables } from '../disposables.ts';
import type { Disposable } from '../disposables.ts';
import type { Inspector } from '../inspection/inspector.ts';
import { hintsOf } from '../inspection/surprises.ts';
import type { SurpriseHint } from '../inspection/surprises.ts';
import { windowsOver } from '../inspection/windows.ts';
import { onSettingChange, readSetting } from '../settings.ts';
import { inspectedDocument } from './documents.ts';
import { hoverSelector } from './hover.ts';

export function registerSurpriseHints(inspector: Inspector, report: (problem: string) => void): Disposable {
  const owned = new Disposables();
  let current: Disposable | undefined;
  const register = (): void => {
    current?.dispose();
    current = readSetting('inlayHints.surprise') ? languages.registerInlayHintsProvider(hoverSelector(), new SurpriseHints(inspector, report)) : undefined;
  };
  register();
  owned.add({ dispose: () => current?.dispose() });
  for (const name of ['inlayHints.surprise', 'hover.languages'] as const) owned.add(onSettingChange(name, register));
  return owned;
}

class SurpriseHints implements InlayHintsProvider<InlayHint & { found?: SurpriseHint }> {
  private readonly inspector: Inspector;
  private readonly report: (problem: string) => void;
  private readonly changes = new EventEmitter<void>();
  readonly onDidChangeInlayHints = this.changes.event;

  constructor(inspector: Inspector, report: (problem: string) => void) {
    this.inspector = inspector;
    this.report = report;
  }

  async provideInlayHints(document: TextDocument, range: Range, cancel: CancellationToken): Promise<InlayHint[]> {
    const text = inspectedDocument(document);
    const [start, end] = [document.offsetAt(range.start), document.offsetAt(range.end)];
    const hints: InlayHint[] = [];
    try {
      if (end <= start) return hints;
      // Measuring one window fits the plan to the model's context.
      const { active } = await this.inspector.inspect(text, start);
      for (const { ownStart, ownEnd } of windowsOver(text, start, end, this.inspector.planFor(active))) {
        if (cancel.isCancellationRequested) return hints;
        const inspected = await this.inspector.inspect(text, ownStart);
        for (const found of hintsOf(inspected, Math.max(start, ownStart), Math.min(end, ownEnd))) {
          hints.push(Object.assign(new InlayHint(document.positionAt(found.at), l10n.t('{0} bits', found.bits)), { paddingLeft: true, found }));
        }
      }
    } catch (error) {
      if (!PeerError.is(error, 'cancelled')) this.report(`surprise hints: ${failureText(error)}`);
    }
    return hints;
  }

  resolveInlayHint(hint: InlayHint & { found?: SurpriseHint }): InlayHint {
    const { found } = hint;
    if (found === undefined) return hint;
    const tip = new MarkdownString();
    tip.appendText(`${l10n.t('surprise of this token')}: ${found.bits}\n${l10n.t('expected here: ')}${found.expected}`);
    hint.tooltip = tip;
    return hint;
  }
}
