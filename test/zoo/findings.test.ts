/** The sample findings hold: what they record is measured again on the bundled models. */
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { Runtime } from '../../src/engine/runtime/runtime.ts';
import { bundledModels } from '../../src/cli/locateModel.ts';
import { DiskModels } from '../../src/evidence/openModels.ts';
import { verifyNotes } from '../../src/evidence/verifyNotes.ts';
import { diagnose } from '../../src/notes/diagnose.ts';
import { addEvidence } from '../../src/notes/edits.ts';
import { assess } from '../../src/notes/grade/grade.ts';
import { NoteIndex } from '../../src/notes/noteIndex.ts';
import { readNote } from '../../src/notes/note.ts';
import type { Note } from '../../src/notes/note.ts';
import { readNoteFile, updateNoteFile } from '../../src/notes/noteFile.ts';

const sample = fileURLToPath(new URL('../../sample/findings', import.meta.url));
const names = readdirSync(sample).filter((name) => name.endsWith('.md')).toSorted();
const index = new NoteIndex();
for (const name of names) index.update(name, readNoteFile(join(sample, name)));
const noteOf = (name: string): Note => readNote(readNoteFile(join(sample, `${name}.md`)));
const codes = (note: Note): string[] => diagnose(note, { index, modelHash: () => undefined, dictionaryHash: () => undefined, exists: () => true }).map(({ code }) => code);

describe('the sample findings', () => {
  const runtime = new Runtime({ threads: 1 });
  const models = new DiskModels({ runtime, locate: (id) => Promise.resolve(join(bundledModels, id)) });
  afterAll(async () => {
    models.close();
    await runtime.dispose();
  });

  it('are five', () => expect(names).toEqual(['decodable-but-unused.md', 'induction-circuit.md', 'ioi-name-mover.md', 'semantic-field-feature.md', 'shared-feature.md']));

  it.each(names)('%s is confirmed', async (name) => {
    const states: string[] = [];
    for await (const { problem, evidence } of verifyNotes(join(sample, name), { provider: models, signal: new AbortController().signal, write: false })) {
      expect(problem).toBeUndefined();
      states.push(...evidence.map(({ id, state, reason }) => (state === 'confirmed' ? state : `${id}: ${state}. ${reason}`)));
    }
    expect(states.length).toBeGreaterThan(0);
    expect(new Set(states)).toEqual(new Set(['confirmed']));
  }, 240_000);

  it('only the one that claims too much is flagged', () => {
    expect(names.filter((name) => codes(noteOf(name.replace('.md', ''))).length > 0)).toEqual(['decodable-but-unused.md']);
    expect(new Set(codes(noteOf('decodable-but-unused')))).toEqual(new Set(['over-claim']));
    expect(assess(noteOf('decodable-but-unused').finding!).grade).toBe('selective');
  });

  it('a causal record that beats its null clears the flag, and one that does not leaves it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mechanist-sample-'));
    cpSync(sample, folder, { recursive: true });
    const file = join(folder, 'decodable-but-unused.md');
    const erased = noteOf('decodable-but-unused').finding!.evidence.find(({ method }) => method.startsWith('direction.erasure'))!;
    const { id: _, history: __, ...draft } = erased;
    await updateNoteFile(file, (note) => addEvidence(note, draft).edits);
    expect(codes(readNote(readNoteFile(file)))).toContain('over-claim');
    await updateNoteFile(file, (note) => addEvidence(note, { ...draft, value: 5, interval: [4, 6], control: { name: 'random directions', value: 0, interval: [-1, 1] } }).edits);
    expect(codes(readNote(readNoteFile(file)))).toEqual([]);
    rmSync(folder, { recursive: true });
  });
});
