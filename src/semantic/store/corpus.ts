/**
 * A corpus as token contexts of one length, with where every token comes from and, for the zoo's corpora, the classes of
 * latent variables. Some contexts are held out: labels are scored on them, no statistic ever reads them.
 */
import { createHash } from 'node:crypto';
import { MechanistError } from '../../engine/errors.ts';
import { isJsonMap, parseJson } from '../../engine/formats/json.ts';
import { openSafetensors } from '../../engine/formats/safetensors.ts';
import type { SafetensorsFile } from '../../engine/formats/safetensors.ts';
import { writeSafetensors } from '../../engine/formats/safetensorsWriter.ts';
import type { Tensor } from '../../engine/tensor.ts';
import type { LatentVariable } from '../groundTruth/variables.ts';

export interface Corpus {
  readonly name: string;
  /** Token ids [contexts · contextLength]. */
  readonly ids: Uint32Array;
  readonly contextLength: number;
  /** 1 for contexts that are held out [contexts]. */
  readonly heldOut: Uint8Array;
  readonly origins: Origins | undefined;
  /** Latent variables with the class of every token [contexts · contextLength]. */
  readonly variables: readonly LatentVariable[];
  readonly codes: ReadonlyMap<string, Uint8Array>;
}

/** Where tokens come from: index of the file and the span in it in UTF-16 units, by token. */
export interface Origins {
  readonly files: readonly string[];
  readonly file: Uint32Array;
  readonly start: Uint32Array;
  readonly end: Uint32Array;
}

/** File index of a token that was added (a beginning-of-text token). */
export const noFile = 0xffffffff;

/** SHA-256 over tokens, contexts, what is held out and the labels: the identity of a corpus. */
export function corpusHash({ ids, contextLength, heldOut, codes }: Corpus): string {
  const hash = createHash('sha256').update(`${contextLength}\n`).update(bytesOf(ids)).update(heldOut);
  for (const name of [...codes.keys()].toSorted()) hash.update(`\n${name}\n`).update(codes.get(name)!);
  return hash.digest('hex');
}

export function contextCount({ heldOut }: Corpus): number {
  return heldOut.length;
}

/** Indices of the contexts that are harvested, or of those that are held out. */
export function contextsOf({ heldOut }: Corpus, held: boolean): Uint32Array {
  return Uint32Array.from(heldOut.keys()).filter((context) => (heldOut[context] === 1) === held);
}

/** Contexts as a model reads them, int64 [contexts, contextLength]. */
export function contextIds({ ids, contextLength }: Corpus, contexts: ArrayLike<number>): Tensor<'int64'> {
  const data = new BigInt64Array(contexts.length * contextLength);
  for (let i = 0; i < contexts.length; i++) {
    for (let p = 0; p < contextLength; p++) data[i * contextLength + p] = BigInt(ids[contexts[i]! * contextLength + p]!);
  }
  return { dtype: 'int64', dims: [contexts.length, contextLength], data };
}

/** Errors: as `writeSafetensors`. */
export function saveCorpus(file: string, corpus: Corpus): void {
  const { name, ids, contextLength, heldOut, origins, variables, codes } = corpus;
  const dims = [heldOut.length, contextLength];
  const narrow = ids.every((id) => id < 65_536);
  const tensors: [string, Tensor][] = [
    ['input_ids', narrow ? { dtype: 'uint16', dims, data: Uint16Array.from(ids) } : { dtype: 'uint32', dims, data: ids }],
    ['held_out', { dtype: 'uint8', dims: [heldOut.length], data: heldOut }],
    ...[...codes].flatMap(([variable, data]) => runsOf(data).map(([part, tensor]): [string, Tensor] => [`codes/${variable}/${part}`, tensor])),
  ];
  if (origins !== undefined) for (const key of ['file', 'start', 'end'] as const) tensors.push([`origin/${key}`, { dtype: 'uint32', dims, data: origins[key] }]);
  writeSafetensors(file, tensors, { metadata: { name, hash: corpusHash(corpus), variables: JSON.stringify(variables), files: JSON.stringify(origins?.files ?? []) } });
}

/** Errors: `not-found`; `parse` for a file that breaks the layout or does not match its own hash. */
export function openCorpus(file: string): Corpus {
  const source = openSafetensors(file);
  try {
    const ids = source.read('input_ids');
    const [contexts = 0, contextLength = 0] = ids.dims;
    if ((ids.dtype !== 'uint16' && ids.dtype !== 'uint32') || ids.dims.length !== 2 || contextLength < 2) throw malformed(source, 'tensor input_ids', 'Expected uint16 or uint32 [contexts, positions].');
    const variables = variablesOf(source);
    const corpus: Corpus = {
      name: source.metadata.get('name') ?? 'corpus',
      ids: ids.dtype === 'uint32' ? (ids.data as Uint32Array) : Uint32Array.from(ids.data as Uint16Array),
      contextLength,
      heldOut: column(source, 'held_out', 'uint8', contexts) as Uint8Array,
      origins: originsOf(source, contexts * contextLength),
      variables,
      codes: new Map(variables.map(({ name }) => [name, codesFrom(source, name, contexts * contextLength)])),
    };
    if (source.metadata.get('hash') !== corpusHash(corpus)) throw malformed(source, 'hash', 'The file does not match its own hash.');
    return corpus;
  } finally {
    source.close();
  }
}

function variablesOf(source: SafetensorsFile): LatentVariable[] {
  const list = parseJson(source.metadata.get('variables') ?? '[]', { file: source.file, field: 'variables' });
  const strings = (value: unknown): value is string[] => Array.isArray(value) && value.every((item) => typeof item === 'string');
  if (!Array.isArray(list)) throw malformed(source, 'variables', 'Expected a list.');
  return list.map((item) => {
    const [name, classes, questions] = isJsonMap(item) ? ['name', 'classes', 'questions'].map((key) => item.get(key)) : [];
    if (typeof name !== 'string' || !strings(classes) || classes.length > 255 || !Array.isArray(questions)) throw malformed(source, 'variables', 'A variable has a name, classes and questions.');
    return {
      name, classes,
      questions: questions.map((question) => {
        const [asked, chosen] = isJsonMap(question) ? [question.get('name'), question.get('classes')] : [];
        if (typeof asked !== 'string' || !Array.isArray(chosen) || !chosen.every((c) => Number.isInteger(c) && (c as number) >= 0 && (c as number) < classes.length)) throw malformed(source, `variables › ${name}`, 'A question has a name and classes.');
        return { name: asked, classes: chosen as number[] };
      }),
    };
  });
}

/** Classes stay the same over stretches of text, so they are kept as runs. */
function runsOf(codes: Uint8Array): ['values' | 'lengths', Tensor][] {
  const [values, lengths]: [number[], number[]] = [[], []];
  codes.forEach((code, row) => {
    if (values.at(-1) === code && row > 0 && lengths.at(-1)! < 65_535) lengths[lengths.length - 1]!++;
    else {
      values.push(code);
      lengths.push(1);
    }
  });
  return [['values', { dtype: 'uint8', dims: [values.length], data: Uint8Array.from(values) }], ['lengths', { dtype: 'uint16', dims: [lengths.length], data: Uint16Array.from(lengths) }]];
}

function codesFrom(source: SafetensorsFile, variable: string, tokens: number): Uint8Array {
  const [values, lengths] = ['values', 'lengths'].map((part) => source.read(`codes/${variable}/${part}`).data);
  if (!(values instanceof Uint8Array && lengths instanceof Uint16Array) || values.length !== lengths.length || lengths.reduce((sum, length) => sum + length, 0) !== tokens) {
    throw malformed(source, `tensor codes/${variable}`, `Expected runs of ${tokens} classes.`);
  }
  const codes = new Uint8Array(tokens);
  let row = 0;
  values.forEach((code, i) => { codes.fill(code, row, (row += lengths[i]!)); });
  return codes;
}

function originsOf(source: SafetensorsFile, tokens: number): Origins | undefined {
  if (!source.has('origin/file')) return undefined;
  const files = parseJson(source.metadata.get('files') ?? '[]', { file: source.file, field: 'files' });
  if (!Array.isArray(files) || !files.every((file): file is string => typeof file === 'string')) throw malformed(source, 'files', 'Expected a list of names.');
  const of = (key: string): Uint32Array => column(source, `origin/${key}`, 'uint32', tokens) as Uint32Array;
  return { files, file: of('file'), start: of('start'), end: of('end') };
}

function column(source: SafetensorsFile, name: string, dtype: 'uint8' | 'uint32', length: number): Tensor['data'] {
  const value = source.read(name);
  if (value.dtype !== dtype || value.data.length !== length) throw malformed(source, `tensor ${name}`, `Expected ${length} entries of ${dtype}.`);
  return value.data;
}

function malformed({ file }: SafetensorsFile, field: string, statement: string): MechanistError {
  return new MechanistError('parse', statement, { file, field });
}

function bytesOf(data: Uint32Array): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
