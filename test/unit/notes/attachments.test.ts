import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { linkPath, removeAttachments, saveAttachments } from '../../../src/notes/attachments.ts';
import type { Attachment } from '../../../src/notes/attachments.ts';
import { addFigure, figureMarkdown } from '../../../src/notes/edits.ts';
import { newNote } from '../../../src/notes/newNote.ts';
import { readNote } from '../../../src/notes/note.ts';
import { applyEdits } from '../../../src/notes/textEdit.ts';

const figure: readonly Attachment[] = [{ extension: 'svg', content: '<svg />' }, { extension: 'csv', content: 'a,b\r\n' }];
let folder: string;
let note: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mechanist-attachments-'));
  note = join(folder, 'a note (1).md');
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('files of a note', () => {
  it('lie in a folder of its name under the first number that is free', () => {
    expect(saveAttachments(note, 'figure', figure)).toEqual(['a note (1)/figure-1.svg', 'a note (1)/figure-1.csv']);
    expect(saveAttachments(note, 'figure', figure)).toEqual(['a note (1)/figure-2.svg', 'a note (1)/figure-2.csv']);
    expect(readFileSync(join(folder, 'a note (1)', 'figure-2.csv'), 'utf8')).toBe('a,b\r\n');
    expect(readdirSync(join(folder, 'a note (1)')).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('never take the place of what is there, and are taken back', () => {
    mkdirSync(join(folder, 'a note (1)'));
    writeFileSync(join(folder, 'a note (1)', 'figure-1.svg'), 'mine');
    const files = saveAttachments(note, 'figure', figure);
    expect(files[0]).toBe('a note (1)/figure-2.svg');
    removeAttachments(note, files);
    expect(existsSync(join(folder, files[0]!))).toBe(false);
    expect(readFileSync(join(folder, 'a note (1)', 'figure-1.svg'), 'utf8')).toBe('mine');
  });

  it('are refused where the folder is a file or leads elsewhere, or when they are too large, and nothing is left', () => {
    writeFileSync(join(folder, 'a note (1)'), 'a file');
    expect(() => saveAttachments(note, 'figure', figure)).toThrow('could not be written beside the note');
    rmSync(join(folder, 'a note (1)'));
    const elsewhere = mkdtempSync(join(tmpdir(), 'mechanist-elsewhere-'));
    symlinkSync(elsewhere, join(folder, 'a note (1)'));
    expect(() => saveAttachments(note, 'figure', figure)).toThrow('leads elsewhere');
    expect(readdirSync(elsewhere)).toEqual([]);
    rmSync(elsewhere, { recursive: true });
    rmSync(join(folder, 'a note (1)'));
    expect(() => saveAttachments(note, 'figure', [{ extension: 'json', content: 'x'.repeat(20_000_001) }])).toThrow('too large');
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('a figure in a note', () => {
  it('is a picture with links to its files, whatever its title and path', () => {
    const files = ['a note (1)/figure-1.svg', 'a note (1)/figure-1.csv', 'a note (1)/figure-1.json'];
    expect(figureMarkdown({ title: 'x](y) <b>\n`c`', files })).toBe('![x (y)  b   c](a%20note%20%281%29/figure-1.svg) · [CSV](a%20note%20%281%29/figure-1.csv) · [JSON](a%20note%20%281%29/figure-1.json)');
    expect(decodeURIComponent(linkPath(files[0]!))).toBe(files[0]);
  });

  it('stands at the end of the body, after an empty line, with the line breaks of the note', () => {
    const text = newNote('a', { title: 'A', claim: 'c', kind: 'semantic', subjects: [], evidence: [], body: 'Words.' }, '\r\n');
    expect(applyEdits(text, addFigure(readNote(text), { title: 'F', files: ['a/figure-1.svg'] }))).toBe(`${text}\r\n\r\n![F](a/figure-1.svg)\r\n`);
  });
});
