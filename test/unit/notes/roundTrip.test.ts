import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MechanistError } from '../../../src/engine/errors.ts';
import { addEvidence, addFigure, addHistory, addToList, retarget, setField } from '../../../src/notes/edits.ts';
import type { EvidenceDraft, Finding } from '../../../src/notes/format/schema.ts';
import { newNote } from '../../../src/notes/newNote.ts';
import { readNote } from '../../../src/notes/note.ts';
import type { Note } from '../../../src/notes/note.ts';
import { applyEdits } from '../../../src/notes/textEdit.ts';
import type { TextEdit } from '../../../src/notes/textEdit.ts';
import { brokenNotes, soundNotes } from './hostileNotes.ts';

const draft: EvidenceDraft = {
  method: 'ablation.head@1', date: '2026-11-24T20:00:00Z', models: [{ id: 'org/model', hash: 'fedcba9876543210' }], dictionaries: [{ model: 'm', id: 'h', hash: 'fedcba9876543210' }],
  inputs: { text: 'a: "b" # <script>\n--- \u2028 👩‍🚀', file: { path: 'x.jsonl', hash: '00' } }, parameters: { heads: [1, 2], note: 'yes', deep: { list: [{ a: 'true' }, 'x'] }, none: [] }, seed: 7,
  metric: 'logit difference', unit: 'logits', value: -1.25e-7, interval: [-2, 3], control: { name: 'random heads: 10', value: 0.1, interval: [0, 0.2] }, measures: { completeness: 0.5 }, tolerance: 0.001,
};

/** Each change with what it must do to the finding, and nothing else. */
const changes: readonly { name: string; edits: (note: Note) => readonly TextEdit[]; expected: (finding: Finding) => Finding }[] = [
  { name: 'evidence added', edits: (note) => addEvidence(note, draft).edits, expected: (f) => ({ ...f, evidence: [...f.evidence, { ...draft, id: `e${f.evidence.length + 1}`, history: [] }] }) },
  {
    name: 'history added', edits: (note) => addHistory(note, 'e1', { date: '2026-11-25', state: 'contradicted', value: 2, reason: 'gone: [x] # y' }),
    expected: (f) => ({ ...f, evidence: f.evidence.map((e) => (e.id === 'e1' ? { ...e, history: [...e.history, { date: '2026-11-25', state: 'contradicted', value: 2, reason: 'gone: [x] # y' }] } : e)) }),
  },
  { name: 'subject added', edits: (note) => addToList(note, 'subjects', 'mechanist:token/m/9'), expected: (f) => ({ ...f, subjects: [...f.subjects, 'mechanist:token/m/9'] }) },
  { name: 'related added', edits: (note) => addToList(note, 'related', 'other'), expected: (f) => ({ ...f, related: [...f.related, 'other'] }) },
  { name: 'figure added', edits: (note) => addFigure(note, { title: 'a ] (b) <script> `c`\n---', files: ['a note/figure-1.svg', 'a note/figure-1.csv'] }), expected: (f) => f },
  { name: 'title replaced', edits: (note) => setField(note, 'title', 'new: "title" 🎉'), expected: (f) => ({ ...f, title: 'new: "title" 🎉' }) },
  { name: 'status set', edits: (note) => setField(note, 'status', 'accepted'), expected: (f) => ({ ...f, status: 'accepted' }) },
  {
    name: 'subject renamed', edits: (note) => retarget(note, { kind: 'feature', model: 'm', dictionary: 'h', index: 3 }, { kind: 'feature', model: 'm', dictionary: 'h', index: 44 }),
    expected: (f) => ({ ...f, subjects: f.subjects.map((uri) => uri.replace('h/3', 'h/44')) }),
  },
];

describe('1,000 generated findings, changed by the product and read again', () => {
  it('hold exactly the intended change; every other byte stays', () => {
    fc.assert(fc.property(soundNotes, ({ text, evidence }) => {
      const note = readNote(text);
      expect(note.problems, text).toEqual([]);
      expect(note.finding!.evidence.length).toBe(evidence);
      for (const { name, edits, expected } of changes) {
        if (name === 'history added' && evidence === 0) continue;
        const made = edits(note);
        const after = applyEdits(text, made);
        const again = readNote(after);
        expect(again.problems, `${name}\n${after}`).toEqual([]);
        expect(again.finding, `${name}\n${after}`).toEqual(expected(note.finding!));
        expect(unchanged(text, made), name).toBe(unchanged(after, moved(made)));
        if (!/[^\r]\n/.test(text)) expect(after, name).not.toMatch(/[^\r]\n/);
      }
    }), { numRuns: 1000 });
  }, 240_000);
});

describe('texts that are no finding', () => {
  it('are read without executing, throwing or hanging, and refuse changes with a reason', () => {
    fc.assert(fc.property(brokenNotes, (text) => {
      const note = readNote(text);
      if (note.finding !== undefined) return;
      expect(() => addEvidence(note, draft)).toThrow(MechanistError);
      for (const { start, end, line } of note.problems) {
        expect(start).toBeGreaterThanOrEqual(0);
        expect(end).toBeLessThanOrEqual(text.length + 1);
        expect(line).toBeLessThanOrEqual(text.split('\n').length);
      }
    }), { numRuns: 2000 });
  }, 120_000);
});

it('a new note is a sound finding, whatever its words', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 100 }), fc.constantFrom('\n' as const, '\r\n' as const), (words, eol) => {
    const text = newNote('a-note', { title: words, claim: words, kind: 'algorithmic', subjects: [], evidence: [draft, draft] }, eol);
    const { finding, problems } = readNote(text);
    expect(problems).toEqual([]);
    expect(finding).toMatchObject({ title: words, claim: words });
    expect(finding!.evidence).toEqual([{ ...draft, id: 'e1', history: [] }, { ...draft, id: 'e2', history: [] }]);
  }), { numRuns: 500 });
});

/** The text without what the edits cover. */
function unchanged(text: string, edits: readonly TextEdit[]): string {
  return applyEdits(text, edits.map((edit) => ({ ...edit, text: '' })));
}

/** The same edits as places in the changed text. */
function moved(edits: readonly TextEdit[]): TextEdit[] {
  let shift = 0;
  return edits.toSorted((a, b) => a.start - b.start || a.end - b.end).map(({ start, end, text }) => {
    const at = start + shift;
    shift += text.length - (end - start);
    return { start: at, end: at + text.length, text: '' };
  });
}
