/** Which tokens of a window are worth a hint: those the model gave little probability. */
import type { InspectedWindow } from './inspectionCache.ts';
import { percent, visible } from './words.ts';

export interface SurpriseHint {
  /** Offset in the document, behind the token. */
  readonly at: number;
  readonly bits: string;
  /** What the model had expected, for the tooltip. */
  readonly expected: string;
}

/** From here on a token had a probability of at most 1/16. */
const notable = 4;

/** In the order of the text, for tokens that begin in [start, end). */
export function hintsOf({ window, inspection }: InspectedWindow, start: number, end: number): SurpriseHint[] {
  return inspection.tokens.flatMap((token) => {
    const from = window.start + token.start;
    if (token.surprise === undefined || token.surprise < notable || from < start || from >= end || token.text.trim() === '') return [];
    const expected = token.expected.map(({ token: guess, probability }) => `“${visible(guess)}” ${percent(probability)}`).join(' · ');
    return [{ at: window.start + token.end, bits: token.surprise.toFixed(1), expected }];
  });
}
