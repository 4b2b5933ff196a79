/**
 * A corpus from a person's files and folders: plain text, Markdown, JSON lines and source code, or token ids as they are.
 * Documents are joined, each after the beginning-of-text token (or end-of-text where there is none), and cut into contexts
 * of one length that begin with what the model expects in front of a text. Every eighth context is held out.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { MechanistError, throwIfCancelled } from '../../engine/errors.ts';
import { isJsonMap, parseJson } from '../../engine/formats/json.ts';
import { openSafetensors } from '../../engine/formats/safetensors.ts';
import type { Tokenizer } from '../../engine/models/tokenizer.ts';
import type { Tensor } from '../../engine/tensor.ts';
import { Column } from './columns.ts';
import { noFile } from './corpus.ts';
import type { Corpus } from './corpus.ts';

export interface CorpusFilesOptions {
  readonly contextLength: number;
  /** Reading stops when there are so many tokens. */
  readonly maxTokens?: number;
}

export interface ContextOptions {
  /** Tokens per context. */
  readonly context: number;
  readonly maxContexts?: number;
  readonly signal?: AbortSignal;
}

export interface ReadingStep {
  readonly done: number;
  readonly of: number;
  readonly tokens: number;
}

/** Files that a folder is searched for. A file that is named itself is read whatever it is called. */
const extensions: ReadonlySet<string> = new Set(('.txt .md .markdown .rst .tex .jsonl .ts .tsx .js .jsx .mjs .cjs .py .c .h .cc .cpp .hpp .java .go .rs .rb .php .cs .swift .kt .scala .lua .r .jl '
  + '.sh .sql .html .css .xml .yaml .yml .toml').split(' '));
const largestFile = 256 * 2 ** 20;
const mostFiles = 100_000;
/** Texts are tokenised piece by piece, cut after a line where there is one. */
const pieceLength = 8192;
const heldOutEvery = 8;

/**
 * Yields after each file. Errors: `not-found`; `parse` for a file that is not UTF-8 or whose JSON lines are malformed;
 * `memory` for files that are too large or too many; `argument` for a corpus shorter than one context.
 */
export function* readCorpusFiles(paths: readonly string[], tokenizer: Tokenizer | undefined, options: CorpusFilesOptions): Generator<ReadingStep, Corpus> {
  const files = paths.flatMap(filesAt);
  if (files.some((file) => extname(file) === '.safetensors')) {
    if (files.length > 1) throw new MechanistError('argument', 'A file of token ids cannot be mixed with others.', { file: files[0]! });
    return readIds(files[0]!, options.maxTokens ?? Infinity);
  }
  if (tokenizer === undefined) throw new MechanistError('argument', 'The model has no tokenizer, so texts cannot be read.', { hint: 'Give a safetensors file with input_ids.' });
  const stream = new TokenStream(tokenizer, options.contextLength);
  for (const [index, file] of files.entries()) {
    if (stream.length >= (options.maxTokens ?? Infinity)) break;
    for (const { text, start, end } of documentsOf(file)) stream.add(text, index, start, end);
    yield { done: index + 1, of: files.length, tokens: stream.length };
  }
  return stream.finish(paths.map((path) => basename(path)).join(', ').slice(0, 200), files, options.maxTokens ?? Infinity);
}

/**
 * The contexts of files and folders [n, context] for training and measuring, held-out ones too; token ids as they are.
 * Errors: as `readCorpusFiles`; `cancelled`.
 */
export async function readContexts(paths: readonly string[], tokenizer: Tokenizer | undefined, { context, maxContexts = Infinity, signal }: ContextOptions): Promise<Tensor<'int64'>> {
  const steps = readCorpusFiles(paths, tokenizer, { contextLength: context, maxTokens: maxContexts * context });
  for (;;) {
    throwIfCancelled(signal);
    const { done, value } = steps.next();
    if (done === true) {
      const { ids, contextLength } = value;
      const count = Math.min(maxContexts, ids.length / contextLength);
      return { dtype: 'int64', dims: [count, contextLength], data: BigInt64Array.from(ids.subarray(0, count * contextLength), BigInt) };
    }
    await new Promise((resolve) => { setImmediate(resolve); });
  }
}

/** Folders are searched in alphabetical order; hidden ones, packages and links are left out. */
function filesAt(path: string): string[] {
  const found: string[] = [];
  const walk = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true }).toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      if (entry.name.startsWith('.') || entry.name === 'node_modules') continue;
      if (entry.isDirectory()) walk(join(folder, entry.name));
      else if (entry.isFile() && extensions.has(extname(entry.name).toLowerCase())) found.push(join(folder, entry.name));
      if (found.length > mostFiles) throw new MechanistError('memory', `The folder has more than ${mostFiles} files.`, { file: path });
    }
  };
  try {
    if (!statSync(path).isDirectory()) return [path];
    walk(path);
  } catch (error) {
    if (MechanistError.is(error)) throw error;
    throw new MechanistError('not-found', 'The file or folder could not be read.', { file: path, cause: error });
  }
  if (found.length === 0) throw new MechanistError('argument', 'The folder holds no text.', { file: path });
  return found;
}

interface Document {
  readonly text: string;
  /** Span in the file where the tokens' own offsets do not apply (a line of JSON); undefined where they do. */
  readonly start?: number;
  readonly end?: number;
}

function documentsOf(file: string): Document[] {
  const text = textOf(file);
  if (extname(file).toLowerCase() !== '.jsonl') return [{ text }];
  let at = 0;
  return text.split('\n').flatMap((line, i) => {
    const start = at;
    at += line.length + 1;
    if (line.trim() === '') return [];
    const value = parseJson(line, { file, field: `line ${i + 1}` });
    const content = isJsonMap(value) ? value.get('text') : undefined;
    if (typeof content !== 'string') throw new MechanistError('parse', `Line ${i + 1} has no text.`, { file, field: 'text' });
    return [{ text: content, start, end: start + line.length }];
  });
}

function textOf(file: string): string {
  let bytes: Uint8Array;
  try {
    const { size } = statSync(file);
    if (size > largestFile) throw new MechanistError('memory', `The file has ${size} bytes; at most ${largestFile} are read.`, { file, hint: 'Split it.' });
    bytes = readFileSync(file);
  } catch (error) {
    if (MechanistError.is(error)) throw error;
    throw new MechanistError('not-found', 'The file could not be read.', { file, cause: error });
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    if (!text.includes('\0')) return text;
  } catch (error) {
    throw new MechanistError('parse', 'The file is not UTF-8 text.', { file, hint: 'Save it as UTF-8, or leave it out.', cause: error });
  }
  throw new MechanistError('parse', 'The file is binary, or text in another encoding than UTF-8.', { file, hint: 'Save it as UTF-8, or leave it out.' });
}

class TokenStream {
  private readonly tokenizer: Tokenizer;
  private readonly contextLength: number;
  private readonly before: readonly number[];
  private readonly separator: number | undefined;
  private readonly columns = { ids: new Column(Uint32Array), file: new Column(Uint32Array), start: new Column(Uint32Array), end: new Column(Uint32Array) };

  constructor(tokenizer: Tokenizer, contextLength: number) {
    this.tokenizer = tokenizer;
    this.contextLength = contextLength;
    this.separator = tokenizer.bosId ?? tokenizer.eosId;
    const probe = tokenizer.encode('a').ids;
    const bare = tokenizer.encode('a', { addSpecialTokens: false }).ids;
    const at = probe.findIndex((_, i) => bare.every((id, j) => probe[i + j] === id));
    this.before = at > 0 ? probe.slice(0, at) : [];
    if (contextLength <= this.before.length + 1) throw new MechanistError('argument', `Contexts of ${contextLength} tokens have no room for text.`, { field: 'contextLength' });
  }

  get length(): number {
    return this.columns.ids.length;
  }

  add(text: string, file: number, start: number | undefined, end: number | undefined): void {
    if (this.separator !== undefined) this.push(this.separator, noFile, 0, 0);
    for (let from = 0; from < text.length;) {
      let to = Math.min(text.length, from + pieceLength);
      const line = text.lastIndexOf('\n', to - 1) + 1;
      if (to < text.length && line > from) to = line;
      // A character of two units stays whole.
      else if (to < text.length && /[\uD800-\uDBFF]/.test(text[to - 1]!)) to--;
      const { ids, offsets } = this.tokenizer.encode(text.slice(from, to), { addSpecialTokens: false });
      ids.forEach((id, i) => this.push(id, file, start ?? from + offsets[i]![0], end ?? from + offsets[i]![1]));
      from = to;
    }
  }

  finish(name: string, files: readonly string[], maxTokens: number): Corpus {
    const { contextLength, before, columns } = this;
    const perContext = contextLength - before.length;
    const contexts = Math.floor(Math.min(columns.ids.length, maxTokens) / perContext);
    if (contexts === 0) throw new MechanistError('argument', `The corpus has ${columns.ids.length} tokens, fewer than one context of ${contextLength}.`, { hint: 'Give more text or a shorter context.' });
    const laid = (values: Uint32Array, filler: (i: number) => number): Uint32Array => {
      const data = new Uint32Array(contexts * contextLength);
      for (let context = 0; context < contexts; context++) {
        for (let i = 0; i < before.length; i++) data[context * contextLength + i] = filler(i);
        data.set(values.subarray(context * perContext, (context + 1) * perContext), context * contextLength + before.length);
      }
      return data;
    };
    return {
      name, contextLength,
      ids: laid(columns.ids.values, (i) => before[i]!),
      heldOut: heldOutContexts(contexts),
      origins: { files, file: laid(columns.file.values, () => noFile), start: laid(columns.start.values, () => 0), end: laid(columns.end.values, () => 0) },
      variables: [], codes: new Map(),
    };
  }

  private push(id: number, file: number, start: number, end: number): void {
    const { columns } = this;
    columns.ids.push(id);
    columns.file.push(file);
    columns.start.push(start);
    columns.end.push(end);
  }
}

function heldOutContexts(contexts: number): Uint8Array {
  return Uint8Array.from({ length: contexts }, (_, context) => (context % heldOutEvery === heldOutEvery - 1 ? 1 : 0));
}

function readIds(file: string, maxTokens: number): Corpus {
  const source = openSafetensors(file);
  try {
    const { dtype, dims, data } = source.read('input_ids');
    const [count = 0, contextLength = 0] = dims;
    if (dtype !== 'int64' || dims.length !== 2 || contextLength < 2 || contextLength > 65_536) throw new MechanistError('parse', 'Expected int64 [contexts, positions].', { file, field: 'tensor input_ids' });
    const contexts = Math.min(count, Math.floor(maxTokens / contextLength));
    if (contexts === 0) throw new MechanistError('argument', 'The corpus has no context.', { file });
    const ids = Uint32Array.from((data as BigInt64Array).subarray(0, contexts * contextLength), (id) => {
      if (id < 0n || id >= 2n ** 32n) throw new MechanistError('parse', `${id} is not a token id.`, { file, field: 'tensor input_ids' });
      return Number(id);
    });
    return { name: basename(file), ids, contextLength, heldOut: heldOutContexts(contexts), origins: undefined, variables: [], codes: new Map() };
  } finally {
    source.close();
  }
}
