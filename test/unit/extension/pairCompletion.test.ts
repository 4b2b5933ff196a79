/** What is offered at a place of a prompt-pair line. `|` is the cursor. */
import { expect, it } from 'vitest';
import { pairPlace } from '../../../src/extension/inspection/pairCompletion.ts';

const place = (marked: string) => pairPlace(marked.replace('|', ''), marked.indexOf('|'));

it.each([
  ['|', { kind: 'line' }],
  ['  |', { kind: 'line' }],
  ['{|}', { kind: 'key', missing: ['clean', 'corrupted', 'answers', 'distractors'], from: 1 }],
  ['{"|', { kind: 'key', missing: ['clean', 'corrupted', 'answers', 'distractors'], from: 1 }],
  ['{"clean": "a, b", |}', { kind: 'key', missing: ['corrupted', 'answers', 'distractors'], from: 18 }],
  ['{"clean": "a, b", "co|"}', { kind: 'key', missing: ['corrupted', 'answers', 'distractors'], from: 18 }],
  ['{"clean": "a \\"b\\"", "answers": ["|"]}', { kind: 'answer', role: 'answers', prompt: 'a "b"', from: 34 }],
  ['{"clean": "a", "corrupted": "b", "answers": [" A"], "distractors": [" B", " |"]}', { kind: 'answer', role: 'distractors', prompt: 'a', from: 75 }],
  ['{"clean": "a", "answer": " |"}', { kind: 'answer', role: 'answers', prompt: 'a', from: 26 }],
  // In a prompt, in a number, after a whole line, before the prompt is known: nothing.
  ['{"clean": "a|"}', undefined],
  ['{"clean": "a, |"}', undefined],
  ['{"answers": ["|"]}', undefined],
  ['{"clean": "\\q", "answers": ["|"]}', undefined],
  ['{"clean": "a", "answers": [|]}', undefined],
  ['{"clean": "a", "corrupted": "b", "answers": [" A"], "distractors": [" B"], |}', undefined],
  ['plain text, |', undefined],
])('%s', (marked, expected) => expect(place(marked)).toEqual(expected));
