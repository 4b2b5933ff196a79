/** Results by document version, model, dictionary and window. Bounded: the least recently used goes first. */
import type { InspectedToken, TextInspection } from '../../protocol/methods.ts';
import type { TextWindow } from './windows.ts';

export interface InspectionKey {
  readonly document: string;
  readonly version: number;
  readonly model: string;
  readonly dictionary: string | undefined;
  /** Length of a window: grids of different plans do not mix. */
  readonly span: number;
}

/** A window with what the model said about it. Offsets of tokens count from `window.start`. */
export interface InspectedWindow {
  readonly window: TextWindow;
  readonly inspection: TextInspection;
}

export class InspectionCache {
  private readonly entries = new Map<string, InspectedWindow>();
  private readonly capacity: number;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  get(key: InspectionKey, window: number): InspectedWindow | undefined {
    const name = nameOf(key, window);
    const entry = this.entries.get(name);
    if (entry === undefined) return undefined;
    this.entries.delete(name);
    this.entries.set(name, entry);
    return entry;
  }

  set(key: InspectionKey, entry: InspectedWindow): void {
    this.entries.set(nameOf(key, entry.window.index), entry);
    for (const oldest of this.entries.keys()) {
      if (this.entries.size <= this.capacity) break;
      this.entries.delete(oldest);
    }
  }

  /** Forgets all versions of a document. */
  forgetDocument(document: string): void {
    const prefix = JSON.stringify(document);
    for (const name of this.entries.keys()) if (name.startsWith(`[${prefix},`)) this.entries.delete(name);
  }

  clear(): void {
    this.entries.clear();
  }

  get size(): number {
    return this.entries.size;
  }
}

/** A token with its place among those of its window, and its range in the document. */
export interface PlacedToken {
  readonly token: InspectedToken;
  /** From 0. */
  readonly index: number;
  readonly start: number;
  readonly end: number;
}

/**
 * The token that holds the character at a document offset. Tokens of a character that is split between several (an emoji
 * in a byte-level vocabulary) share its range; the first of them is given.
 */
export function tokenAt({ window, inspection }: InspectedWindow, offset: number): PlacedToken | undefined {
  const inside = offset - window.start;
  const index = inspection.tokens.findIndex(({ start, end }) => start <= inside && inside < end);
  return index < 0 ? undefined : placed(window, inspection.tokens[index]!, index);
}

/** All tokens that share a character with the range, in order. */
export function tokensIn({ window, inspection }: InspectedWindow, start: number, end: number): PlacedToken[] {
  return inspection.tokens
    .map((token, index) => placed(window, token, index))
    .filter((token) => token.start < end && token.end > start && token.end > token.start);
}

function placed(window: TextWindow, token: InspectedToken, index: number): PlacedToken {
  return { token, index, start: window.start + token.start, end: window.start + token.end };
}

function nameOf({ document, version, model, dictionary, span }: InspectionKey, window: number): string {
  return JSON.stringify([document, version, model, dictionary ?? null, span, window]);
}
