/**
 * Colours the tokens of one document by one number each. The document is asked for window by window, what is visible
 * first, and colours appear as they arrive. An edit clears the colours: they would be those of another text.
 */
import { DecorationRangeBehavior, OverviewRulerLane, Selection, TextEditorRevealType, ThemeColor, l10n, window, workspace } from 'vscode';
import type { DecorationOptions, TextDocument, TextEditor, TextEditorDecorationType } from 'vscode';
import type { Params } from '../../protocol/methods.ts';
import type { ProbeSummary } from '../../protocol/methods/probes.ts';
import { PeerError } from '../../protocol/peer.ts';
import { contextKeys } from '../contextKeys.ts';
import { setContextKey } from '../setContextKey.ts';
import { Disposables } from '../disposables.ts';
import type { Disposable } from '../disposables.ts';
import { inspectedDocument, rangeOf, visibleEditorsOf } from '../editor/documents.ts';
import type { EnginePort } from '../process/enginePort.ts';
import type { Inspector } from '../inspection/inspector.ts';
import { windowsOver } from '../inspection/windows.ts';
import { Listeners } from '../listeners.ts';
import type { OpenModels } from '../models/openModels.ts';
import { explanationOf, legendOf, tokenText } from './legend.ts';
import { bucketCount, hitsOf, intoBuckets, neighbouringHit, scaleOf } from './buckets.ts';
import type { PaintedRange } from './buckets.ts';
import { placeValues } from './values.ts';

export type PaintBy =
  | { readonly kind: 'surprise' }
  | { readonly kind: 'feature'; readonly dictionary: string; readonly feature: number }
  | { readonly kind: 'probe'; readonly probe: ProbeSummary };

interface Painting {
  readonly document: TextDocument;
  readonly by: PaintBy;
  readonly stop: AbortController;
  ranges: PaintedRange[];
  unit: string;
}

/** Characters around the visible part that are painted; a document of megabytes is not read as a whole. */
const farthest = 60_000;

export class Painter implements Disposable {
  private readonly engine: EnginePort;
  private readonly models: OpenModels;
  private readonly inspector: Inspector;
  private readonly owned = new Disposables();
  private readonly changes = this.owned.add(new Listeners<void>());
  private types: readonly TextEditorDecorationType[] | undefined;
  private painting: Painting | undefined;

  constructor(engine: EnginePort, models: OpenModels, inspector: Inspector) {
    this.engine = engine;
    this.models = models;
    this.inspector = inspector;
    this.owned.add(workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
      if (document === this.painting?.document && contentChanges.length > 0) this.clear();
    }));
    this.owned.add(workspace.onDidCloseTextDocument((document) => {
      if (document === this.painting?.document) this.clear();
    }));
    this.owned.add(window.onDidChangeVisibleTextEditors(() => this.draw()));
    this.owned.add({ dispose: () => this.types?.forEach((type) => type.dispose()) });
  }

  readonly onChange = this.changes.event;

  /** What the colours mean, short; `undefined` when nothing is painted. */
  get legend(): string | undefined {
    const { painting } = this;
    if (painting === undefined) return undefined;
    return legendOf(painting.by, fullColour(painting), painting.unit, l10n.t);
  }

  /** The same in sentences, with what a probe's score is to be read with. */
  get explanation(): string | undefined {
    return this.painting && explanationOf(this.painting.by, l10n.t);
  }

  /** Paints an editor's text, until it is cleared or has changed. Answers how many characters of how many: what is far from what is seen is left out. Rejects with `PeerError`. */
  async paint(editor: TextEditor, by: PaintBy): Promise<{ readonly painted: number; readonly of: number }> {
    this.clear();
    const active = await this.models.need();
    const { document } = editor;
    const stop = new AbortController();
    const painting: Painting = { document, by, stop, ranges: [], unit: '' };
    this.painting = painting;
    // From here on it can be cleared, which also ends what is still being computed.
    await setContextKey(contextKeys.painted, true);
    const text = inspectedDocument(document);
    const [start, end] = extent(editor, text.length);
    try {
      // What is seen first; measuring one window also fits the plan to the model's context.
      await this.inspector.inspect(text, start);
      for (const part of windowsOver(text, start, end, this.inspector.planFor(active))) {
        const content = text.slice(part.start, part.end);
        const values = await this.engine.call('text.paint', { model: active.model.model, text: content, by: brush(by) }, { priority: 'batch', signal: stop.signal });
        if (this.painting !== painting) break;
        painting.ranges.push(...placeValues(part, content, values));
        painting.unit = values.unit;
        this.draw();
      }
    } catch (error) {
      if (this.painting === painting && painting.ranges.length === 0) this.clear();
      if (!PeerError.is(error, 'cancelled')) throw error;
    }
    return { painted: end - start, of: text.length };
  }

  clear(): void {
    const { painting } = this;
    if (painting === undefined) return;
    this.painting = undefined;
    painting.stop.abort();
    for (const editor of visibleEditorsOf(painting.document.uri.toString())) this.types?.forEach((type) => editor.setDecorations(type, []));
    void setContextKey(contextKeys.painted, false);
    this.changes.fire();
  }

  /** Moves the cursor to the next or previous strong token. `false` where there is none. */
  step(editor: TextEditor, direction: 1 | -1): boolean {
    const { painting } = this;
    if (painting === undefined || painting.document !== editor.document) return false;
    const text = inspectedDocument(editor.document);
    // White space cannot be shown as a hit.
    const seen = painting.ranges.filter(({ start, end }) => /\S/.test(text.slice(start, end)));
    const hits = hitsOf(seen, fullColour(painting));
    const hit = neighbouringHit(hits, editor.document.offsetAt(editor.selection.start), direction);
    if (hit === undefined) return false;
    const range = rangeOf(editor.document, hit.start, hit.end);
    editor.selection = new Selection(range.start, range.end);
    editor.revealRange(range, TextEditorRevealType.InCenterIfOutsideViewport);
    return true;
  }

  dispose(): void {
    this.clear();
    this.owned.dispose();
  }

  private draw(): void {
    const { painting } = this;
    if (painting === undefined) return;
    this.types ??= decorationTypes();
    const buckets = intoBuckets(painting.ranges, fullColour(painting));
    for (const editor of visibleEditorsOf(painting.document.uri.toString())) {
      this.types.forEach((type, index) => {
        editor.setDecorations(type, buckets[index]!.map((range): DecorationOptions => decoration(painting, range)));
      });
    }
    this.changes.fire();
  }
}

function decoration({ document, by, unit }: Painting, { start, end, value }: PaintedRange): DecorationOptions {
  return { range: rangeOf(document, start, end), hoverMessage: tokenText(by, value, unit, l10n.t) };
}

/** A probability is shown against 1, whatever the largest of a text; other numbers against their own scale. */
function fullColour({ by, ranges }: Painting): number {
  return by.kind === 'probe' ? 1 : scaleOf(ranges.map(({ value }) => value));
}

function brush(by: PaintBy): Params<'text.paint'>['by'] {
  return by.kind === 'probe' ? { kind: 'probe', file: by.probe.file } : by;
}

/**
 * One hue in rising opacity, contributed as theme colours. The upper buckets are also underlined and the top one is bold,
 * so that colour is never the only sign.
 */
function decorationTypes(): TextEditorDecorationType[] {
  return Array.from({ length: bucketCount }, (_, index) => window.createTextEditorDecorationType({
    backgroundColor: new ThemeColor(`mechanist.activation${index + 1}`),
    rangeBehavior: DecorationRangeBehavior.ClosedClosed,
    ...(index >= bucketCount - 4 ? { overviewRulerColor: new ThemeColor(`mechanist.activation${index + 1}`), overviewRulerLane: OverviewRulerLane.Right } : {}),
    ...(index >= bucketCount - 2 ? { textDecoration: 'underline' } : {}),
    ...(index === bucketCount - 1 ? { fontWeight: 'bold' } : {}),
  }));
}

function extent(editor: TextEditor, length: number): [number, number] {
  const [seen] = editor.visibleRanges;
  const offset = seen === undefined ? 0 : editor.document.offsetAt(seen.start);
  const start = Math.max(0, offset - farthest / 2);
  return [length <= farthest ? 0 : start, Math.min(length, start + farthest)];
}
