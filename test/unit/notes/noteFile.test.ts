import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { setField } from '../../../src/notes/edits.ts';
import { newNote, slugFor } from '../../../src/notes/newNote.ts';
import { readNote, requireFinding } from '../../../src/notes/note.ts';
import { createNoteFile, readNoteFile, updateNoteFile } from '../../../src/notes/noteFile.ts';

const text = newNote('a', { title: 'A', claim: 'c', kind: 'semantic', subjects: [], evidence: [] });
const writer = fileURLToPath(new URL('writerEntry.ts', import.meta.url));
let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mechanist-notes-'));
  file = join(folder, 'a.md');
  writeFileSync(file, text);
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe('a note file', () => {
  it('keeps every record when two processes write at once', async () => {
    const writers = ['one', 'two'].map((label) => fork(writer, [file, label, '12'], { execArgv: [] }));
    const codes = await Promise.all(writers.map(async (child) => ((await once(child, 'exit')) as [number])[0]));
    expect(codes).toEqual([0, 0]);
    const { finding, problems } = readNote(readNoteFile(file));
    expect(problems).toEqual([]);
    expect(finding!.evidence.map(({ metric }) => metric).toSorted()).toEqual(['one', 'two'].flatMap((label) => Array.from({ length: 12 }, (_, i) => `${label} ${i}`)).toSorted());
    expect(new Set(finding!.evidence.map(({ id }) => id)).size).toBe(24);
    expect(readdirSync(folder)).toEqual(['a.md']);
  });

  it('is whole, old or new, when its writer is killed between write and rename', async () => {
    const child = fork(writer, [file, 'killed', '1', 'kill-before-rename'], { execArgv: [] });
    const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
    expect(signal).toBe('SIGKILL');
    expect(readNoteFile(file)).toBe(text);
    expect(existsSync(`${file}.lock`)).toBe(true);
    // The lock of the dead writer is taken over once it is old.
    utimesSync(`${file}.lock`, new Date(0), new Date(0));
    await updateNoteFile(file, (note) => setField(note, 'title', 'B'));
    expect(readNote(readNoteFile(file)).finding!.title).toBe('B');
  });

  it('is not overwritten when its text is not the one that was seen', async () => {
    await expect(updateNoteFile(file, (note) => setField(note, 'title', 'B'), { expected: `${text} ` })).rejects.toThrow('changed meanwhile; nothing was written');
    expect(readNoteFile(file)).toBe(text);
    await updateNoteFile(file, (note) => setField(note, 'title', 'B'), { expected: text });
    expect(readNote(readNoteFile(file)).finding!.title).toBe('B');
  });

  it('is changed again when another program wrote between reading and writing', async () => {
    let calls = 0;
    await updateNoteFile(file, (note) => {
      if (calls++ === 0) writeFileSync(file, text.replace('claim: c', 'claim: theirs'));
      return setField(note, 'title', 'B');
    });
    expect(readNote(readNoteFile(file)).finding).toMatchObject({ title: 'B', claim: 'theirs' });
  });

  it('in a read-only folder stays as it is, with a clear message', async () => {
    const child = fork(writer, [file, 'never', '1', 'read-only'], { execArgv: [], silent: true });
    const chunks: Buffer[] = [];
    child.stderr!.on('data', (chunk: Buffer) => chunks.push(chunk));
    const [code] = (await once(child, 'close')) as [number];
    expect(code).not.toBe(0);
    expect(Buffer.concat(chunks).toString()).toContain('could not be written (EROFS). Its folder is read-only for you.');
    expect(readNoteFile(file)).toBe(text);
    expect(readdirSync(folder)).toEqual(['a.md']);
  });

  it('under a path that cannot be written says so', async () => {
    await expect(createNoteFile(join(file, 'below.md'), text)).rejects.toThrow(/could not be created/);
    await expect(createNoteFile(file, text)).rejects.toThrow('There is a note of this name already');
  });

  it('that was renamed or deleted is not made anew', async () => {
    renameSync(file, join(folder, 'b.md'));
    await expect(updateNoteFile(file, (note) => setField(note, 'title', 'B'))).rejects.toMatchObject({ reason: 'not-found' });
    expect(readdirSync(folder)).toEqual(['b.md']);
  });

  it('behind a symbolic link is changed where it is', async () => {
    const link = join(folder, 'link.md');
    symlinkSync(file, link);
    await updateNoteFile(link, (note) => setField(note, 'title', 'B'));
    expect(readNote(readNoteFile(file)).finding!.title).toBe('B');
  });

  it('that is not UTF-8, huge or a folder is refused', () => {
    writeFileSync(file, Buffer.from([0x2d, 0xff, 0xfe]));
    expect(() => readNoteFile(file)).toThrow('not UTF-8');
    mkdirSync(join(folder, 'd.md'));
    expect(() => readNoteFile(join(folder, 'd.md'))).toThrow('could not be read (EISDIR)');
    expect(readNote('x'.repeat(4_000_001)).problems[0]!.message).toContain('is not read');
  });

  it('keeps its byte order mark', async () => {
    writeFileSync(file, `\uFEFF${text}`);
    await updateNoteFile(file, (note) => setField(note, 'title', 'B'));
    expect(readFileSync(file, 'utf8')).toBe(`\uFEFF${text.replace('title: A', 'title: "B"')}`);
  });
});

describe('problems', () => {
  it.each([
    ['value: 1', 'value: .nan', 'evidence.0.value'], ['value: 1', 'value: "1"', 'evidence.0.value'], ['interval: [0, 2]', 'interval: [2, 0]', 'evidence.0.interval'],
    ['kind: semantic', 'kind: sematic', 'kind'], ['id: e1', 'id: ../x', 'evidence.0.id'], ['title: A', 'title: A\ntitle: B', ''], ['artefact: x.npz', 'artefact: ../../etc/passwd', 'evidence.0.artefact'],
    ['mechanist: finding/1', 'mechanist: finding/2', 'mechanist'], ['method: a.b@1', 'method: a.b', 'evidence.0.method'], ['subjects: []', 'subjects: [mechanist:nothing/x]', 'subjects.0'], ['claim: c\n', '', ''],
    ['seed: 0', 'seed: &a 0', ''], ['seed: 0', 'seed: !!str 0', ''], ['metric: m', 'metric: *a', ''],
  ])('%s → %s is told with line and field', (from, to, field) => {
    const sound = '---\nmechanist: finding/1\nid: a\ntitle: A\nclaim: c\nkind: semantic\nsubjects: []\nevidence:\n  - id: e1\n    method: a.b@1\n    date: 2026-01-01\n    models: [{id: m, hash: "0123456789abcdef"}]\n    metric: m\n    value: 1\n    interval: [0, 2]\n    seed: 0\n    artefact: x.npz\n---\n';
    expect(readNote(sound).problems).toEqual([]);
    const broken = readNote(sound.replace(from, to));
    expect(broken.finding).toBeUndefined();
    if (field !== '') expect(broken.problems[0]!.field).toBe(field);
    expect(() => requireFinding(broken, 'a.md')).toThrow(/a\.md › line \d+/);
  });
});

it('ids from titles are plain and not taken twice', () => {
  expect(slugFor('Head 2.3 copies the — “Name”!', () => false)).toBe('head-2-3-copies-the-name');
  expect(slugFor('💥', (slug) => slug === 'finding')).toBe('finding-2');
});
