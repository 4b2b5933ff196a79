/** Labels that follow from the text itself: the scope of a negation, open brackets. */

import type { LabelledDocument } from './document.ts';
import type { Labels } from './labels.ts';

const negations = new Set(['not', 'no', 'never', 'without']);
const clauseEnd = /[.,!?"]$/;

/** One set of labels for each piece of the document. */
export function derivedLabels(document: LabelledDocument): readonly Labels[] {
  const bracketed = document.kind === 'brackets' || document.kind === 'code' || document.kind === 'docstring';
  if (bracketed) return bracketLabels(document);
  return document.kind === 'induction' ? document.spans.map(() => none) : negationLabels(document);
}

const none: Labels = Object.freeze({});

/** From the word after a negation to the end of the clause. */
function negationLabels(document: LabelledDocument): Labels[] {
  let negated = false;
  return document.spans.map(({ start, end }) => {
    const piece = document.text.slice(start, end).trim();
    if (clauseEnd.test(piece)) negated = false;
    const labels = negated ? { negated } : none;
    if (negations.has(piece)) negated = true;
    return labels;
  });
}

/** Depth and innermost bracket after each piece. In code, < and > are comparisons. */
function bracketLabels(document: LabelledDocument): Labels[] {
  const pairs: Record<string, string> = { ')': '(', ']': '[', '}': '{', ...(document.kind === 'brackets' && { '>': '<' }) };
  const opening = new Set(Object.values(pairs));
  const stack: string[] = [];
  return document.spans.map(({ start, end }) => {
    const piece = document.text.slice(start, end).trim();
    if (opening.has(piece)) stack.push(piece);
    else if (pairs[piece] !== undefined) stack.pop();
    return { depth: stack.length, openBracket: stack.at(-1) ?? 'none' };
  });
}
