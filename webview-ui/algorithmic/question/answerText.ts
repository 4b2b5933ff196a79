/** Answers as texts. The engine writes a token's white space visibly (`·Mary`), and so does the question bar (`␣Mary`). Pure. */
import type { Prediction } from '../../../src/protocol/methods.ts';
import { plainToken } from '../../../src/protocol/shownToken.ts';

/** The token's text behind what was typed or chosen. A word without its space is the one that is predicted with it. */
export function answerText(typed: string, predictions: readonly Prediction[]): string {
  const plain = plainToken(typed);
  const known = (text: string): boolean => predictions.some(({ token }) => plainToken(token) === text);
  return !known(plain) && known(` ${plain}`) ? ` ${plain}` : plain;
}
