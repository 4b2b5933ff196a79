/** `mechanist evidence`: measures something and pins it to a finding, new or existing. */
import { existsSync } from 'node:fs';
import { basename, dirname, extname } from 'node:path';
import { MechanistError } from '../../engine/errors.ts';
import { recordedFile } from '../../evidence/inputs.ts';
import { measure } from '../../evidence/measure.ts';
import { DiskModels } from '../../evidence/openModels.ts';
import { evidenceMethods, methodNamed, nameOf } from '../../evidence/registry.ts';
import { drawFigure } from '../../figures/draw.ts';
import { evidenceFigure } from '../../figures/evidenceFigure.ts';
import { tableCsv } from '../../figures/csv.ts';
import { removeAttachments, saveAttachments } from '../../notes/attachments.ts';
import { addEvidence, addFigure, figureMarkdown } from '../../notes/edits.ts';
import type { NoteFigure } from '../../notes/edits.ts';
import { approaches, findingKinds } from '../../notes/format/schema.ts';
import type { EvidenceDraft } from '../../notes/format/schema.ts';
import { newNote } from '../../notes/newNote.ts';
import { readNote, requireFinding } from '../../notes/note.ts';
import { createNoteFile, updateNoteFile } from '../../notes/noteFile.ts';
import { UsageError, writeJson } from '../command.ts';
import type { Command, OptionValues } from '../command.ts';
import { locateModel } from '../locateModel.ts';
import { modelOptions, runtimeOptions, withRuntime } from '../sharedOptions.ts';

export const evidence: Command = {
  name: 'evidence',
  summary: 'Measure something that can be measured again, and pin it to a finding.',
  positionals: ['[METHOD]'],
  options: {
    models: { type: 'string', value: 'MODEL[,MODEL]', description: 'What is measured; some methods compare two.' },
    dictionaries: { type: 'string', value: 'NAME[,NAME]', description: 'Dictionary of each model, by the name of its folder.' },
    inputs: { type: 'string', value: 'JSON', description: 'By name: a text, or {"path": FILE}, relative to the note.' },
    parameters: { type: 'string', value: 'JSON', description: 'By name.' },
    seed: { type: 'string', value: 'N', description: 'Default 0.' },
    note: { type: 'string', value: 'FILE', description: 'Note that gets the record; made when it is not there.' },
    title: { type: 'string', value: 'TEXT', description: 'Of a new note.' },
    claim: { type: 'string', value: 'TEXT', description: 'Of a new note.' },
    kind: { type: 'string', value: 'KIND', description: `Of a new note: ${findingKinds.join(', ')}.` },
    approach: { type: 'string', value: 'NAME', description: `Of a new note: ${approaches.join(', ')}.` },
    subjects: { type: 'string', value: 'URI[,URI…]', description: 'Of a new note: mechanist:feature/MODEL/DICTIONARY/INDEX, …' },
    ...modelOptions,
    ...runtimeOptions,
  },
  notes: 'Without METHOD the methods are listed, with what each takes. The record is printed as JSON. A note gets it with a figure, which lies in a folder of the note’s name.',
  async run({ positionals: [name], options, signal, output }) {
    if (name === undefined) {
      writeJson(output, evidenceMethods.map((method) => ({ method: nameOf(method), title: method.title, summary: method.summary, models: method.models, dictionary: method.dictionary, inputs: method.inputs, parameters: method.parameters })));
      return;
    }
    const method = methodNamed(name);
    const note = options.text('note');
    const folder = note === undefined ? undefined : dirname(note);
    const seed = options.text('seed') ?? '0';
    if (!/^\d{1,9}$/.test(seed)) throw new UsageError(`--seed takes a whole number, not "${seed}".`);
    const record = await withRuntime(options, async (runtime) => {
      const provider = new DiskModels({ runtime, locate: (id) => locateModel(id, { download: options.flag('download'), revision: options.text('revision'), note: (text) => output.note(text), signal }) });
      try {
        return await measure({
          method: nameOf(method), models: list(options, 'models'), dictionaries: list(options, 'dictionaries'), seed: Number(seed),
          inputs: Object.fromEntries(Object.entries(jsonOption(options, 'inputs')).map(([key, value]) => [key, withHash(value, folder)])), parameters: jsonOption(options, 'parameters'),
        }, { provider, folder, signal });
      } finally {
        provider.close();
      }
    });
    if (note !== undefined) output.note(`${await pin(note, record, options)} in ${note}\n`);
    writeJson(output, record);
  },
};

/** Adds the record to the note with its figure, and returns its id. */
async function pin(file: string, record: EvidenceDraft, options: OptionValues): Promise<string> {
  const name = record.method.replace(/@\d+$/, '');
  const figure = evidenceFigure(methodNamed(record.method).title, [{ ...record, name }])!;
  const files = saveAttachments(file, 'figure', [{ extension: 'svg', content: drawFigure(figure.drawing) }, { extension: 'csv', content: tableCsv(figure.table) }]);
  try {
    return await write(file, { ...record, artefact: files[0]! }, { title: figure.drawing.title, files }, options);
  } catch (error) {
    removeAttachments(file, files);
    throw error;
  }
}

async function write(file: string, record: EvidenceDraft, figure: NoteFigure, options: OptionValues): Promise<string> {
  if (existsSync(file)) {
    let id = '';
    await updateNoteFile(file, (note) => {
      requireFinding(note, file);
      const added = addEvidence(note, record);
      id = added.id;
      return [...added.edits, ...addFigure(note, figure)];
    });
    return id;
  }
  const title = options.requiredText('title');
  const text = newNote(basename(file, extname(file)), {
    title, claim: options.requiredText('claim'), kind: oneOf(options, 'kind', findingKinds), approach: options.text('approach') === undefined ? undefined : oneOf(options, 'approach', approaches),
    subjects: list(options, 'subjects'), evidence: [record], body: `# ${title.replaceAll(/\s+/g, ' ')}\n\n${figureMarkdown(figure)}\n`,
  });
  requireFinding(readNote(text), file);
  await createNoteFile(file, text);
  return 'e1';
}

function withHash(value: unknown, folder: string | undefined): unknown {
  const path = typeof value === 'object' && value !== null ? (value as { path?: unknown }).path : undefined;
  if (typeof path !== 'string') return value;
  return recordedFile(folder ?? '.', path);
}

function list(options: OptionValues, name: string): string[] {
  return (options.text(name) ?? '').split(',').map((part) => part.trim()).filter((part) => part !== '');
}

function jsonOption(options: OptionValues, name: string): Record<string, unknown> {
  const text = options.text(name);
  if (text === undefined) return {};
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch (error) {
    throw new MechanistError('argument', 'This is not JSON.', { field: `--${name}`, cause: error });
  }
  throw new UsageError(`--${name} takes a JSON object.`);
}

function oneOf<T extends string>(options: OptionValues, name: string, allowed: readonly T[]): T {
  const value = options.requiredText(name);
  const found = allowed.find((item) => item === value);
  if (found === undefined) throw new UsageError(`--${name} takes one of ${allowed.join(', ')}, not "${value}".`);
  return found;
}
