import { describe, expect, it } from 'vitest';
import { diagnose } from '../../../src/notes/diagnose.ts';
import type { Surroundings } from '../../../src/notes/diagnose.ts';
import { newNote } from '../../../src/notes/newNote.ts';
import type { FindingDraft } from '../../../src/notes/newNote.ts';
import { readNote } from '../../../src/notes/note.ts';
import { matches, NoteIndex } from '../../../src/notes/noteIndex.ts';
import type { EvidenceDraft } from '../../../src/notes/format/schema.ts';
import { record } from './samples.ts';

const feature = 'mechanist:feature/m/h/3';
const drafted = (method: string, more: Partial<EvidenceDraft> = {}): EvidenceDraft => record(method, more);
const noteText = (id: string, more: Partial<FindingDraft> = {}): string =>
  newNote(id, { title: id, claim: 'Something is seen.', kind: 'semantic', subjects: [feature], evidence: [], ...more });

describe('the index', () => {
  it('knows findings, backlinks and related ones, and forgets what is gone', () => {
    const index = new NoteIndex();
    index.update('a.md', noteText('a', { body: 'See mechanist:finding/b/e1.' }));
    index.update('b.md', noteText('b', { evidence: [drafted('feature.statistics')] }));
    index.update('c.md', noteText('c', { subjects: [] }));
    index.update('readme.md', `Plain text about <${feature}>.`);
    expect(index.findings().map(({ path }) => path)).toEqual(['a.md', 'b.md', 'c.md']);
    expect(index.referencesTo(feature).map(({ path }) => path)).toEqual(['a.md', 'b.md', 'readme.md']);
    expect(index.referencesTo('mechanist:finding/b').map(({ path }) => path)).toEqual(['a.md']);
    expect(index.findingsAbout(feature).map(({ finding }) => finding.id)).toEqual(['a', 'b']);
    expect(index.relatedTo('a.md').map(({ entry }) => entry.path)).toEqual(['b.md']);
    index.update('a.md', noteText('a', { subjects: [] }));
    expect(index.referencesTo(feature).map(({ path }) => path)).toEqual(['b.md', 'readme.md']);
    index.remove('b.md');
    index.remove('readme.md');
    expect(index.targets().size).toBe(0);
    expect(index.findingsOf('b')).toEqual([]);
  });

  it('follows a note that was renamed', () => {
    const index = new NoteIndex();
    index.update('a.md', noteText('a'));
    index.remove('a.md');
    index.update('sub/new.md', noteText('a'));
    expect(index.findingsOf('a').map(({ path }) => path)).toEqual(['sub/new.md']);
  });

  it('narrows by kind, grade, status, model and words', () => {
    const index = new NoteIndex();
    index.update('a.md', noteText('a', { evidence: [drafted('feature.statistics')] }));
    const [entry] = index.findings();
    expect(matches(entry!, { kind: 'semantic', grade: 'observed', status: 'open', model: 'm', words: 'SEEN h/3' })).toBe(true);
    for (const filter of [{ kind: 'unified' }, { grade: 'causal' }, { status: 'refuted' }, { model: 'other' }, { words: 'seen unseen' }] as const) expect(matches(entry!, filter)).toBe(false);
  });
});

describe('diagnostics', () => {
  const index = new NoteIndex();
  const around = (more: Partial<Surroundings> = {}): Surroundings => ({ index, modelHash: () => undefined, dictionaryHash: () => undefined, exists: () => true, ...more });
  const codes = (text: string, more?: Partial<Surroundings>): string[] => diagnose(readNote(text), around(more)).map(({ code }) => code);

  it('point to dangling and malformed links', () => {
    index.update('b.md', noteText('b', { evidence: [drafted('feature.statistics')] }));
    expect(codes('mechanist:finding/b/e1 mechanist:finding/b')).toEqual([]);
    expect(codes('mechanist:finding/nobody mechanist:finding/b/e9 mechanist:feature/m/h/x')).toEqual(['dangling', 'dangling', 'link']);
    expect(codes(noteText('x', { body: '' }).replace('subjects:', 'related: [nobody]\nsubjects:'))).toEqual(['dangling']);
  });

  it('tell stale evidence from evidence of the models at hand', () => {
    const text = noteText('x', { evidence: [drafted('feature.statistics', { dictionaries: [{ model: 'm', id: 'h', hash: 'aaaaaaaaaaaaaaaa' }] })] });
    expect(codes(text)).toEqual([]);
    expect(codes(text, { modelHash: () => '0123456789abcdef0000', dictionaryHash: () => 'aaaaaaaaaaaaaaaabbbb' })).toEqual([]);
    expect(codes(text, { modelHash: () => 'ffffffffffffffff' })).toEqual(['stale']);
    expect(codes(text, { dictionaryHash: () => 'ffffffffffffffff' })).toEqual(['stale']);
  });

  it('underline the word that claims too much, with the check that is missing', () => {
    const text = noteText('x', { claim: 'The model "uses" it.', evidence: [drafted('feature.auroc', { value: 0.9 })] });
    const [found] = diagnose(readNote(text), around());
    expect(text.slice(found!.start, found!.end)).toBe('uses');
    expect(found).toMatchObject({ code: 'over-claim', check: { method: 'feature.effect', subject: feature } });
    expect(codes(text.replace('evidence:', 'evidence:\n  - {id: c, method: feature.effect@1, date: 2026-01-01, models: [{id: m, hash: "0123456789abcdef"}], metric: x, value: 2, control: {name: random, value: 0}}'))).toEqual([]);
  });

  it('notice a deleted artefact, a second owner of an id, and a claim to be unified', () => {
    const text = noteText('x', { kind: 'unified', evidence: [drafted('feature.statistics', { artefact: 'x.safetensors' })] });
    index.update('x.md', text);
    index.update('y.md', text);
    expect(codes(text, { exists: () => false })).toEqual(['duplicate-id', 'missing-artefact', 'not-unified']);
    index.remove('x.md');
    index.remove('y.md');
  });
});
