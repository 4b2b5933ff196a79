/** Labels from files of a person: labelled texts, two files of texts, tensors of classes, or a corpus with latent variables. */
import { basename, join } from 'node:path';
import { MechanistError } from '../../engine/errors.ts';
import { openFile } from '../../engine/formats/byteSource.ts';
import { openSafetensors } from '../../engine/formats/safetensors.ts';
import type { Model } from '../../engine/models/model.ts';
import type { Tokenizer } from '../../engine/models/tokenizer.ts';
import { specialTokens } from '../../engine/models/tokenizer/specialTokens.ts';
import { openCorpus } from '../store/corpus.ts';
import { tokensOfCorpus, tokensOfFile } from './corpusTokens.ts';
import type { LabelledTokens } from './labelledTokens.ts';
import { readLabelledTexts, textLimits } from './readTexts.ts';
import type { LabelledSample } from './readTexts.ts';
import { tokensOfTexts } from './textTokens.ts';

/** What reads a text: a model's tokenizer and how many positions it takes at once. */
export interface TextReader {
  readonly tokenizer: Tokenizer;
  readonly context: number;
}

/** Bounds the time and memory of one run. */
const longestRun = 512;

/** Errors: `unsupported` for a model that has no tokenizer. */
export function textReader(model: Model, tokenizer: Tokenizer | undefined): TextReader {
  if (tokenizer === undefined) throw new MechanistError('unsupported', 'The model has no tokenizer, so it cannot read labelled texts.', { file: model.source, hint: 'Give tokens with classes (.safetensors).' });
  return { tokenizer, context: Math.min(model.config?.nCtx ?? longestRun, longestRun) };
}

/** The corpus with latent variables that comes with a bundled model. Errors: `not-found`. */
export function bundledLabels(modelFolder: string): LabelledTokens {
  try {
    return tokensOfCorpus(openCorpus(join(modelFolder, 'features', 'corpus.safetensors')));
  } catch (error) {
    if (!MechanistError.is(error, 'not-found')) throw error;
    throw new MechanistError('not-found', 'The model comes without labelled texts.', { hint: 'Give labelled texts of your own (.jsonl).', cause: error });
  }
}

/**
 * `.safetensors`: a corpus, or tokens with classes as `readLabelled` describes; anything else: labelled texts, one JSON
 * object per line. `reader` is asked for texts only; yields between them. Errors: `not-found`; those of the readers.
 */
export function* labelsAt(file: string, reader: () => TextReader): Generator<void, LabelledTokens> {
  if (file.endsWith('.safetensors')) return isCorpus(file) ? tokensOfCorpus(openCorpus(file)) : tokensOfFile(file);
  return yield* labelsOfSamples(readLabelledTexts(contentOf(file), file), basename(file), reader());
}

/** Two files of texts, one per line: the first answers yes, the second no. Errors: `not-found`, `memory`. */
export function* labelsOfClasses(yes: string, no: string, reader: () => TextReader): Generator<void, LabelledTokens> {
  const label = (file: string, answer: string): LabelledSample[] => contentOf(file).split('\n').map((line) => line.replace(/\r$/, '')).filter((text) => text.trim() !== '').map((text) => ({ text, label: answer, spans: [] }));
  return yield* labelsOfSamples([...label(yes, 'yes'), ...label(no, 'no')], `${basename(yes)} against ${basename(no)}`, reader());
}

/** Errors: those of `tokensOfTexts`. */
export function labelsOfSamples(samples: readonly LabelledSample[], name: string, { tokenizer, context }: TextReader): Generator<void, LabelledTokens> {
  return tokensOfTexts(samples, tokenizer, { name, context, ...specialTokens(tokenizer) });
}

function isCorpus(file: string): boolean {
  const source = openSafetensors(file);
  try {
    return source.has('held_out') && source.metadata.has('variables');
  } finally {
    source.close();
  }
}

function contentOf(file: string): string {
  const source = openFile(file);
  try {
    const { size } = source;
    if (size > textLimits.bytes) throw new MechanistError('memory', `The file has ${size} bytes; at most ${textLimits.bytes} are read.`, { file, hint: 'Split it.' });
    return decoded(source.read(0, size), file);
  } finally {
    source.close();
  }
}

function decoded(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new MechanistError('parse', 'The file is not a text in UTF-8.', { file, cause });
  }
}
