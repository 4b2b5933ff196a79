/**
 * Prompt-pair files (`.jsonl`) in the editor: what is wrong with each line, with the open model also whether the prompts
 * align and the answers are single tokens; completion of lines, keys and answers; what can be asked of a pair or of all.
 */
import { CompletionItem, CompletionItemKind, Diagnostic, DiagnosticSeverity, Range, SnippetString, languages, l10n, workspace } from 'vscode';
import type { CompletionItemProvider, DiagnosticCollection, Position, TextDocument } from 'vscode';
import { failureText } from '../../protocol/failureText.ts';
import { PeerError } from '../../protocol/peer.ts';
import { plainToken } from '../../protocol/shownToken.ts';
import { Disposables } from '../disposables.ts';
import type { Disposable } from '../disposables.ts';
import { looksLikePair } from '../inspection/pairLine.ts';
import { pairPlace } from '../inspection/pairCompletion.ts';
import type { OpenModels } from '../models/openModels.ts';
import type { EnginePort } from '../process/enginePort.ts';
import { registerPairLenses } from './pairLenses.ts';

interface Parts {
  readonly engine: EnginePort;
  readonly models: OpenModels;
  readonly report: (problem: string) => void;
}

const selector = { pattern: '**/*.jsonl' } as const;
/** Longer files are checked when they are run. */
const mostText = 2_000_000;
/** Milliseconds after the last change before a file is read. */
const pause = 400;

export function registerPairFiles(parts: Parts): Disposable {
  const owned = new Disposables();
  owned.add(registerPairLenses());
  owned.add(new PairDiagnostics(parts));
  owned.add(languages.registerCompletionItemProvider(selector, new PairCompletion(parts), '"', '{'));
  return owned;
}

class PairDiagnostics implements Disposable {
  private readonly parts: Parts;
  private readonly owned = new Disposables();
  private readonly collection: DiagnosticCollection = this.owned.add(languages.createDiagnosticCollection('mechanist pairs'));
  private readonly waiting = new Map<string, ReturnType<typeof setTimeout>>();

  constructor(parts: Parts) {
    this.parts = parts;
    this.owned.add(workspace.onDidOpenTextDocument((document) => this.later(document)));
    this.owned.add(workspace.onDidChangeTextDocument(({ document }) => this.later(document)));
    this.owned.add(workspace.onDidCloseTextDocument(({ uri }) => this.collection.delete(uri)));
    this.owned.add(parts.models.onChange(() => { for (const document of workspace.textDocuments) this.later(document); }));
    for (const document of workspace.textDocuments) this.later(document);
  }

  dispose(): void {
    for (const timer of this.waiting.values()) clearTimeout(timer);
    this.owned.dispose();
  }

  private later(document: TextDocument): void {
    if (languages.match(selector, document) === 0 || !isPairFile(document)) return;
    const key = document.uri.toString();
    clearTimeout(this.waiting.get(key));
    this.waiting.set(key, setTimeout(() => {
      this.waiting.delete(key);
      void this.check(document);
    }, pause));
  }

  private async check(document: TextDocument): Promise<void> {
    const { engine, models, report } = this.parts;
    const { version } = document;
    const text = document.getText();
    if (document.isClosed || text.length > mostText) return;
    const model = models.active?.model.model;
    try {
      const { diagnostics } = await engine.call('pairs.read', { source: { kind: 'text', text }, ...(model === undefined ? {} : { model }) }, { priority: 'batch' });
      if (document.isClosed || document.version !== version) return;
      this.collection.set(document.uri, diagnostics.map(({ severity, line, column, endColumn, message, hint }) => {
        const marker = new Diagnostic(new Range(line - 1, column - 1, line - 1, endColumn - 1), hint === undefined ? message : `${message} ${hint}`, severity === 'error' ? DiagnosticSeverity.Error : DiagnosticSeverity.Warning);
        marker.source = 'Mechanist';
        return marker;
      }));
    } catch (error) {
      if (!PeerError.is(error, 'cancelled')) report(`checking prompt pairs: ${failureText(error)}`);
    }
  }
}

class PairCompletion implements CompletionItemProvider {
  private readonly parts: Parts;

  constructor(parts: Parts) {
    this.parts = parts;
  }

  async provideCompletionItems(document: TextDocument, position: Position): Promise<CompletionItem[]> {
    if (document.getText().trim() !== '' && !isPairFile(document) && !document.lineAt(position).text.includes('clean')) return [];
    const place = pairPlace(document.lineAt(position).text, position.character);
    switch (place?.kind) {
      case undefined: return [];
      case 'line': return [pairSnippet()];
      case 'key': return place.missing.map((key, i) => keyItem(key, i, new Range(position.with({ character: place.from }), position)));
      case 'answer': return this.answers(place.prompt, new Range(position.with({ character: place.from }), position));
    }
  }

  /** What the open model predicts after the prompt. */
  private async answers(prompt: string, range: Range): Promise<CompletionItem[]> {
    const { engine, models, report } = this.parts;
    const model = models.active?.model.model;
    if (model === undefined || prompt === '') return [];
    try {
      const { predictions } = await engine.call('question.suggest', { model, text: prompt, predictions: 20, edits: 1 });
      return predictions.map(({ token, probability }, i) => {
        const text = plainToken(token);
        const item = new CompletionItem({ label: JSON.stringify(text).slice(1, -1), description: `${(100 * probability).toFixed(1)} %` }, CompletionItemKind.Value);
        item.insertText = JSON.stringify(text).slice(1, -1);
        item.filterText = item.insertText;
        item.range = range;
        item.sortText = String(i).padStart(3, '0');
        item.detail = l10n.t('Predicted by {0} after the clean prompt', models.active?.model.id ?? '');
        return item;
      });
    } catch (error) {
      if (!PeerError.is(error, 'cancelled')) report(`completing answers: ${failureText(error)}`);
      return [];
    }
  }
}

const described: Readonly<Record<string, () => string>> = {
  clean: () => l10n.t('The prompt that is asked about.'),
  corrupted: () => l10n.t('A prompt of as many tokens on which the answer is another.'),
  answers: () => l10n.t('What is right after the clean prompt: one token each, with its space.'),
  distractors: () => l10n.t('What is wrong there, one token each. The metric is the difference of the logits.'),
};

function keyItem(key: string, order: number, range: Range): CompletionItem {
  const item = new CompletionItem(`"${key}"`, CompletionItemKind.Property);
  item.insertText = new SnippetString(key === 'clean' || key === 'corrupted' ? `"${key}": "$1"` : `"${key}": [" $1"]`);
  item.range = range;
  item.filterText = `"${key}"`;
  item.sortText = String(order);
  item.documentation = described[key]!();
  return item;
}

function pairSnippet(): CompletionItem {
  const item = new CompletionItem(l10n.t('prompt pair'), CompletionItemKind.Snippet);
  item.insertText = new SnippetString('{"clean": "$1", "corrupted": "$2", "answers": [" $3"], "distractors": [" $4"]}');
  item.documentation = l10n.t('Two prompts of as many tokens, and the answers that tell them apart.');
  return item;
}

/** Whether some of the first lines is meant as a pair: `.jsonl` files are of many kinds. */
function isPairFile(document: TextDocument): boolean {
  for (let line = 0; line < Math.min(document.lineCount, 50); line++) if (looksLikePair(document.lineAt(line).text)) return true;
  return false;
}
