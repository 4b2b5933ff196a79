/** The index of notes: 2,000 findings with 20,000 links taken in, and one of them changed. */
import { newNote } from '../src/notes/newNote.ts';
import { NoteIndex } from '../src/notes/noteIndex.ts';

export function benchNotes(notes: number, linksPerNote: number): { notes: number; links: number; indexMs: number; indexCpuMs: number; updateMs: { median: number; worst: number } } {
  const texts = Array.from({ length: notes }, (_, i) => noteText(i, notes, linksPerNote));
  const index = new NoteIndex();
  const [started, cpu] = [performance.now(), process.cpuUsage()];
  texts.forEach((text, i) => index.update(`findings/note-${i}.md`, text));
  const indexMs = performance.now() - started;
  const { user, system } = process.cpuUsage(cpu);
  const updates = Array.from({ length: 50 }, (_, i) => {
    const text = `${texts[i * 7]!}\nmechanist:feature/m/h/${i}\n`;
    const from = performance.now();
    index.update(`findings/note-${i * 7}.md`, text);
    return performance.now() - from;
  }).toSorted((a, b) => a - b);
  const links = [...index.targets().values()].reduce((a, b) => a + b, 0);
  return { notes: index.size, links, indexMs, indexCpuMs: (user + system) / 1000, updateMs: { median: updates[25]!, worst: updates.at(-1)! } };
}

function noteText(i: number, notes: number, links: number): string {
  const subjects = [`mechanist:feature/fable-4l/blocks.2.hook_resid_post/${i % 500}`, `mechanist:component/fable-4l/blocks.${i % 4}.attn.hook_z/${i % 8}`];
  return newNote(`note-${i}`, {
    title: `Finding ${i}`, claim: `Feature ${i} fires on something.`, kind: i % 2 === 0 ? 'semantic' : 'algorithmic', subjects,
    evidence: [{
      method: 'feature.statistics@1', date: '2026-01-01', models: [{ id: 'fable-4l', hash: '0123456789abcdef' }], dictionaries: [{ model: 'fable-4l', id: 'blocks.2.hook_resid_post', hash: '0123456789abcdef' }],
      inputs: { text: 'When Mary and John went to the market, John gave a book to Mary.' }, parameters: { feature: i }, seed: 0, metric: 'share of active tokens', value: i / notes, interval: [0, 1], measures: {},
    }],
    body: Array.from({ length: links - subjects.length }, (_, k) => `See [${k}](mechanist:finding/note-${(i * 31 + k * 17) % notes}) for what is said of it elsewhere.`).join('\n\n'),
  });
}
