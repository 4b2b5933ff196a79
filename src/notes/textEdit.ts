/** Changes of a text at exact offsets: everything between them stays as a person wrote it. */
import { MechanistError } from '../engine/errors.ts';

/** Replaces [start, end) of the original text, in UTF-16 units. */
export interface TextEdit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Applies edits whose offsets all refer to `text`; those at one place are inserted in the order given. Errors: `argument` when they overlap. */
export function applyEdits(text: string, edits: readonly TextEdit[]): string {
  const ordered = edits.map((edit, order) => ({ ...edit, order })).toSorted((a, b) => a.start - b.start || a.end - b.end || a.order - b.order);
  let result = '';
  let at = 0;
  for (const edit of ordered) {
    if (edit.start < at || edit.end < edit.start || edit.end > text.length) throw new MechanistError('argument', 'Two changes of the note overlap, or lie outside it.');
    result += text.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return result + text.slice(at);
}
