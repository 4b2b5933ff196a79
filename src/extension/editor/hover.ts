/** Hovers over any text. Known results answer at once; for others the hover waits, and VS Code says that it loads. */
import { Hover, l10n, languages } from 'vscode';
import type { CancellationToken, Disposable, HoverProvider, Position, TextDocument } from 'vscode';
import { Disposables } from '../disposables.ts';
import { failureText } from '../../protocol/failureText.ts';
import { PeerError } from '../../protocol/peer.ts';
import { hoverLines, longestLabel, waitingLines } from '../inspection/hoverContent.ts';
import type { HoverLine } from '../inspection/hoverContent.ts';
import { tokenAt } from '../inspection/inspectionCache.ts';
import type { FeatureNames } from '../inspection/featureNames.ts';
import type { Inspected, Inspector } from '../inspection/inspector.ts';
import { onSettingChange, readSetting } from '../settings.ts';
import { inspectedDocument, rangeOf } from './documents.ts';
import { hoverMarkdown } from './hoverMarkdown.ts';

/** After this long a hover says that it is computing; the next one finds the result. */
const longestWait = 20_000;

/** Registers hovers for the languages of the settings, and again when the settings change. */
export function registerHovers(inspector: Inspector, names: FeatureNames, report: (problem: string) => void): Disposable {
  const owned = new Disposables();
  let current: Disposable | undefined;
  const register = (): void => {
    current?.dispose();
    current = readSetting('hover.enabled') ? languages.registerHoverProvider(hoverSelector(), new TokenHovers(inspector, names, report)) : undefined;
  };
  register();
  owned.add({ dispose: () => current?.dispose() });
  for (const name of ['hover.enabled', 'hover.languages'] as const) owned.add(onSettingChange(name, register));
  return owned;
}

class TokenHovers implements HoverProvider {
  private readonly inspector: Inspector;
  private readonly names: FeatureNames;
  private readonly report: (problem: string) => void;

  constructor(inspector: Inspector, names: FeatureNames, report: (problem: string) => void) {
    this.inspector = inspector;
    this.names = names;
    this.report = report;
  }

  async provideHover(document: TextDocument, position: Position, cancel: CancellationToken): Promise<Hover | undefined> {
    const text = inspectedDocument(document);
    const offset = document.offsetAt(position);
    if (offset >= text.length) return undefined;
    const known = this.inspector.cached(text, offset);
    if (known !== undefined) return this.answer(document, position, known);
    try {
      const result = await firstOf(this.inspector.inspect(text, offset), cancel);
      if (cancel.isCancellationRequested) return undefined;
      if (result === undefined) return say(waitingLines(l10n.t('Mechanist is computing this part of the text.'), ['log'], l10n.t));
      return this.answer(document, position, result);
    } catch (error) {
      if (PeerError.is(error, 'cancelled')) return undefined;
      return say(waitingLines(failureText(error), PeerError.is(error, 'disconnected') ? ['restart', 'log'] : ['open', 'log'], l10n.t));
    }
  }

  private answer(document: TextDocument, position: Position, inspected: Inspected): Hover | undefined {
    this.names.want(inspected.active).catch((error: unknown) => this.report(`labels: ${failureText(error)}`));
    const token = tokenAt(inspected, document.offsetAt(position));
    if (token === undefined) return undefined;
    const range = document.getWordRangeAtPosition(position);
    const word = range && { start: document.offsetAt(range.start), end: document.offsetAt(range.end) };
    const { model, dictionary } = inspected.active;
    const place = { document: document.uri.toString(), sent: document.getText(rangeOf(document, inspected.window.start, token.end)) };
    const nameOf = (feature: number): string | undefined => dictionary && this.names.nameOf(dictionary.hash, feature, longestLabel);
    const lines = hoverLines({ inspected, token, word, place, nameOf, modelId: model.id, features: readSetting('hover.features') }, l10n.t);
    return new Hover(hoverMarkdown(lines), rangeOf(document, token.start, token.end));
  }
}

/** Of the languages in which hovers and hints answer. */
export function hoverSelector(): { language: string }[] | { scheme: string }[] {
  const chosen = readSetting('hover.languages');
  return chosen.includes('*') ? ['file', 'untitled', 'vscode-remote'].map((scheme) => ({ scheme })) : chosen.map((language) => ({ language }));
}

const say = (lines: HoverLine[]): Hover => new Hover(hoverMarkdown(lines));

/** The result, or `undefined` when the wait is over or nobody waits any more. The computation itself goes on. */
async function firstOf<T>(result: Promise<T>, cancel: CancellationToken): Promise<T | undefined> {
  const owned = new Disposables();
  try {
    return await Promise.race([
      result,
      new Promise<undefined>((resolve) => {
        const timer = setTimeout(() => resolve(undefined), longestWait);
        owned.add({ dispose: () => clearTimeout(timer) });
        owned.add(cancel.onCancellationRequested(() => resolve(undefined)));
      }),
    ]);
  } finally {
    owned.dispose();
  }
}
