import { describe, expect, it } from 'vitest';
import { featureGrades, mentions, panelFindings } from '../../../src/extension/panels/panelFindings.ts';
import { newNote } from '../../../src/notes/newNote.ts';
import { NoteIndex } from '../../../src/notes/noteIndex.ts';

const feature = (index: number, dictionary = 'resid.2') => `mechanist:feature/fable-4l/${dictionary}/${index}`;

function index(): NoteIndex {
  const notes = new NoteIndex();
  notes.update('file:///a.md', newNote('names', { title: 'Names', claim: 'It fires on names.', kind: 'semantic', subjects: [feature(7), 'mechanist:circuit/fable-4l/ioi'], evidence: [] }));
  notes.update('file:///b.md', newNote('other', { title: 'Other', claim: 'Elsewhere.', kind: 'semantic', subjects: [feature(7, 'resid.1')], evidence: [] }));
  notes.update('file:///c.md', `# No finding\n\nSee [it](${feature(8)}).\n`);
  return notes;
}

describe('what findings say about a feature', () => {
  it('is told with the place that names it and the circuits beside it', () => {
    const [found, ...others] = mentions(index(), feature(7));
    expect(others).toEqual([]);
    expect(found).toMatchObject({ title: 'Names', kind: 'semantic', grade: 0, circuits: ['mechanist:circuit/fable-4l/ioi'], file: 'file:///a.md' });
    expect(found!.end).toBeGreaterThan(found!.start);
  });

  it('grades the features of one dictionary, of findings only', () => {
    expect(featureGrades(index(), 'fable-4l', 'resid.2')).toEqual([{ feature: 7, grade: 0 }]);
    expect(featureGrades(index(), 'fable-4l-b', 'resid.2')).toEqual([]);
  });

  it('is told once the notes are read, under any spelling of the subject', async () => {
    let read = false;
    const findings = panelFindings({ index: index(), onChange: () => ({ dispose: () => undefined }), ready: async () => { read = true; return Promise.resolve(); } });
    expect(await findings.about('mechanist:feature/fable%2D4l/resid.2/7')).toHaveLength(1);
    expect(read).toBe(true);
    await expect(findings.about('mechanist:nonsense')).rejects.toThrow();
  });
});
