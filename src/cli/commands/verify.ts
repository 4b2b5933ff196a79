/** `mechanist verify`: runs the evidence of findings again and fails when a claim no longer holds. */
import { relative } from 'node:path';
import { MechanistError } from '../../engine/errors.ts';
import { DiskModels } from '../../evidence/openModels.ts';
import type { Verification } from '../../evidence/verify.ts';
import { countStates, verifyNotes } from '../../evidence/verifyNotes.ts';
import type { VerifiedNote } from '../../evidence/verifyNotes.ts';
import { writeJson } from '../command.ts';
import type { Command } from '../command.ts';
import { locateModel } from '../locateModel.ts';
import { runtimeOptions, withRuntime } from '../sharedOptions.ts';

export const verify: Command = {
  name: 'verify',
  summary: 'Run the evidence of findings again: confirmed, drifted, contradicted or not runnable.',
  positionals: ['DIR'],
  options: {
    json: { type: 'boolean', description: 'Print JSON.' },
    write: { type: 'boolean', description: 'Add the results to the history of the notes.' },
    strict: { type: 'boolean', description: 'Fail when evidence is not runnable, too.' },
    ...runtimeOptions,
  },
  notes: `DIR is a folder or one Markdown file. The exit code is 1 when evidence drifted or was contradicted, or when the front matter of a
finding cannot be read. Models are bundled ones, paths, or hub ids that are in the cache; nothing is downloaded.`,
  async run({ positionals, options, signal, output }) {
    const folder = positionals[0]!;
    const notes: VerifiedNote[] = [];
    await withRuntime(options, async (runtime) => {
      const provider = new DiskModels({ runtime, locate: (id) => locateModel(id, { download: false, revision: undefined, note: (text) => output.note(text), signal }) });
      try {
        for await (const note of verifyNotes(folder, { provider, signal, write: options.flag('write') })) {
          notes.push(note);
          if (!options.flag('json')) output.write(noteLines(note));
        }
      } finally {
        provider.close();
      }
    });
    const states = countStates(notes);
    const broken = notes.filter(({ problem }) => problem !== undefined).length;
    if (options.flag('json')) writeJson(output, { states, notes: notes.map((note) => ({ ...note, file: relative(folder, note.file) || note.file, evidence: note.evidence.map(record) })) });
    else output.write(`\n${notes.length} findings: ${Object.entries(states).map(([state, count]) => `${count} ${state}`).join(', ')}${broken === 0 ? '' : `, ${broken} broken`}\n`);
    const failed = states.drifted + states.contradicted + broken + (options.flag('strict') ? states['not-runnable'] : 0);
    if (failed > 0) throw new MechanistError('argument', `${failed} of the claims' records do not hold as they are written down.`);
  },
};

function noteLines({ file, title, problem, evidence }: VerifiedNote): string {
  if (problem !== undefined) return `${file}\n  broken: ${problem}\n`;
  return `${file}: ${title}\n${evidence.map(({ id, state, reason, recorded }) => `  ${id} ${recorded.method}: ${state}. ${reason}\n`).join('')}`;
}

function record({ id, state, reason, recorded, found }: Verification): object {
  return { id, method: recorded.method, state, reason, recorded: recorded.value, found: found?.value, control: found?.control };
}
