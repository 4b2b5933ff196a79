/** Token values of a window placed in the document, limited to the part that the window answers for. */
import type { TokenValues } from '../../protocol/methods.ts';
import type { TextWindow } from '../inspection/windows.ts';
import type { PaintedRange } from './buckets.ts';

/**
 * Tokens of a split character share its range; the strongest of them counts. A value that is not a number (the first
 * token has no surprise) is left out, and so are line endings: they cannot be seen, and a carriage return, which models
 * hardly ever read, would take the whole scale. `text`: what the window holds.
 */
export function placeValues(window: TextWindow, text: string, { starts, ends, values }: TokenValues): PaintedRange[] {
  const byStart = new Map<number, PaintedRange>();
  for (const [index, value] of values.entries()) {
    const [start, end] = [window.start + starts[index]!, window.start + ends[index]!];
    if (!Number.isFinite(value) || end <= start || start < window.ownStart || start >= window.ownEnd) continue;
    if (lineEnding.test(text.slice(starts[index], ends[index]))) continue;
    const known = byStart.get(start);
    if (known === undefined || known.value < value) byStart.set(start, { start, end, value });
  }
  return [...byStart.values()];
}

const lineEnding = /^[\r\n\u2028\u2029]+$/;
