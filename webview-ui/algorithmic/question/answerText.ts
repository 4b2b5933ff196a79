/** Answers as they are written in the question bar: with their white space visible. Pure. */
import type { Prediction } from '../../../src/protocol/methods.ts';

/** The token's text behind what was typed or chosen. A word without its space is the one that is predicted with it. */
export function answerText(typed: string, predictions: readonly Prediction[]): string {
  const plain = typed.replace(/␣/g, ' ').replace(/↵/g, '\n').replace(/⇥/g, '\t');
  const known = (text: string): boolean => predictions.some(({ token }) => token === text);
  return !known(plain) && known(` ${plain}`) ? ` ${plain}` : plain;
}
