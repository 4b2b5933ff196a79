/** Files of text as token contexts of one length. Tokens are held in memory; activations never are. */
import { createReadStream } from 'node:fs';
import { extname } from 'node:path';
import { createInterface } from 'node:readline';
import { MechanistError, throwIfCancelled } from '../../errors.ts';
import { openSafetensors } from '../../formats/safetensors.ts';
import type { Tokenizer } from '../../models/tokenizer.ts';
import type { Tensor } from '../../tensor.ts';

export interface CorpusOptions {
  /** Tokens per context. */
  readonly context: number;
  /** At most so many contexts; the rest of the corpus is not read. */
  readonly maxContexts?: number;
  readonly signal?: AbortSignal;
}

const longestLine = 4 * 2 ** 20;

/**
 * Reads `.jsonl` (a document in the field `text` of each line), `.safetensors` (`input_ids` [n, p], taken as they are)
 * and plain text (documents separated by empty lines). Texts are tokenised without special tokens, joined with the
 * beginning-of-text token (or end-of-text where there is none) before each document, and cut into contexts [n, context];
 * what does not fill the last one is dropped. Errors: `parse` with the line, `argument` for a corpus shorter than one context.
 */
export async function readCorpus(files: readonly string[], tokenizer: Tokenizer | undefined, options: CorpusOptions): Promise<Tensor<'int64'>> {
  const { context, maxContexts = Infinity, signal } = options;
  const ids: bigint[] = [];
  const wanted = maxContexts * context;
  for (const file of files) {
    if (ids.length >= wanted) break;
    if (extname(file) === '.safetensors') {
      if (files.length > 1) throw new MechanistError('argument', 'A file of token ids cannot be mixed with others.', { file });
      return readIds(file, maxContexts);
    }
    if (tokenizer === undefined) throw new MechanistError('argument', 'The model has no tokenizer, so texts cannot be read.', { file, hint: 'Give a safetensors file with input_ids.' });
    const separator = tokenizer.bosId ?? tokenizer.eosId;
    for await (const text of documents(file)) {
      throwIfCancelled(signal);
      if (separator !== undefined) ids.push(BigInt(separator));
      for (const id of tokenizer.encode(text, { addSpecialTokens: false }).ids) ids.push(BigInt(id));
      if (ids.length >= wanted) break;
    }
  }
  const count = Math.min(maxContexts, Math.floor(ids.length / context));
  if (count === 0) throw new MechanistError('argument', `The corpus has ${ids.length} tokens, fewer than one context of ${context}.`, { hint: 'Give more text or a shorter context.' });
  return { dtype: 'int64', dims: [count, context], data: BigInt64Array.from(ids.slice(0, count * context)) };
}

async function* documents(file: string): AsyncGenerator<string> {
  const stream = createReadStream(file, 'utf8');
  const failure = new Promise<never>((_, reject) => {
    stream.once('error', (error) => reject(new MechanistError('not-found', 'The file could not be read.', { file, cause: error })));
  });
  failure.catch(() => undefined);
  const json = extname(file) === '.jsonl';
  let number = 0;
  let paragraph: string[] = [];
  const lines = createInterface({ input: stream, crlfDelay: Infinity })[Symbol.asyncIterator]();
  for (;;) {
    const { done, value: line } = await Promise.race([lines.next(), failure]);
    if (done) break;
    number++;
    if (line.length > longestLine) throw new MechanistError('parse', `Line ${number} is longer than ${longestLine} characters.`, { file });
    if (json) {
      if (line.trim() !== '') yield textOf(line, file, number);
    } else if (line.trim() === '') {
      if (paragraph.length > 0) yield paragraph.join('\n');
      paragraph = [];
    } else paragraph.push(line);
  }
  if (paragraph.length > 0) yield paragraph.join('\n');
}

function textOf(line: string, file: string, number: number): string {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw new MechanistError('parse', `Line ${number} is not valid JSON.`, { file, cause: error });
  }
  const text = typeof value === 'object' && value !== null ? (value as { text?: unknown }).text : undefined;
  if (typeof text !== 'string') throw new MechanistError('parse', `Line ${number} has no text.`, { file, field: 'text' });
  return text;
}

function readIds(file: string, maxContexts: number): Tensor<'int64'> {
  const source = openSafetensors(file);
  try {
    const ids = source.read('input_ids');
    if (ids.dtype !== 'int64' || ids.dims.length !== 2) throw new MechanistError('parse', 'Expected int64 [contexts, positions].', { file, field: 'tensor input_ids' });
    const [count, context] = ids.dims as [number, number];
    const kept = Math.min(count, maxContexts);
    return { dtype: 'int64', dims: [kept, context], data: (ids.data as BigInt64Array).subarray(0, kept * context) };
  } finally {
    source.close();
  }
}
