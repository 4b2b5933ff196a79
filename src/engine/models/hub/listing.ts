/** What a repository holds and which of its files a model needs. Pickled weights are never among them. */
import { MechanistError } from '../../errors.ts';
import { matchesGlob } from '../hookPattern.ts';
import { isJsonObject } from '../jsonFile.ts';
import { bodyOf } from './body.ts';
import { isSafeFileName } from './cache.ts';
import { checkStatus, requestOnce } from './request.ts';
import type { Connection } from './request.ts';

export interface Listing {
  /** The commit that the revision stands at: a name for the snapshot folder. */
  readonly commit: string;
  readonly files: readonly string[];
}

/** Asks the hub for the files of a revision. Errors: `not-found`, `network`, `cancelled`; `parse` for an answer that cannot be trusted. */
export async function listRepository(connection: Connection, id: string, revision: string): Promise<Listing> {
  const url = `${connection.endpoint}/api/models/${id}/revision/${encodeURIComponent(revision)}`;
  const response = await requestOnce(connection, url);
  checkStatus(response, url);
  const answer = await readJson(connection, response, url);
  const { sha, siblings } = answer;
  if (typeof sha !== 'string' || !/^[0-9a-f]{7,64}$/.test(sha)) throw new MechanistError('parse', 'The commit is missing.', { file: url, field: 'sha' });
  if (!Array.isArray(siblings) || siblings.length > mostFiles) throw new MechanistError('parse', 'The list of files is missing or too long.', { file: url, field: 'siblings' });
  const files = siblings.map((sibling: unknown, i) => {
    const name = isJsonObject(sibling) ? sibling['rfilename'] : undefined;
    if (typeof name !== 'string' || !isSafeFileName(name)) {
      throw new MechanistError('parse', `${JSON.stringify(name)} is not a file name inside the repository.`, { file: url, field: `siblings[${i}].rfilename` });
    }
    return name;
  });
  return { commit: sha, files };
}

/**
 * The files to fetch: configuration, tokenizer and safetensors weights, or what `patterns` (globs) name.
 * Errors: `not-found` when a pattern matches nothing; `unsupported` for pickles and for repositories without usable weights.
 */
export function selectFiles(files: readonly string[], patterns: readonly string[] | undefined): string[] {
  if (patterns !== undefined) return chosenFiles(files, patterns);
  const weights = weightFiles(files);
  if (weights.length === 0) {
    throw new MechanistError('unsupported', 'The repository has no weights in safetensors.', {
      hint: files.some(isPickle)
        ? 'It has pickled weights only, which can run code when read and are refused. Look for a converted revision.'
        : "If it has an ONNX export, ask for it: config.json and 'onnx/*'.",
    });
  }
  return files.filter((file) => descriptions.has(file) || weights.includes(file));
}

const mostFiles = 100_000;
const largestAnswer = 64 * 2 ** 20;

/** Files that describe a model, next to its weights. */
const descriptions: ReadonlySet<string> = new Set([
  'config.json', 'generation_config.json', 'preprocessor_config.json', 'processor_config.json',
  'tokenizer.json', 'tokenizer_config.json', 'special_tokens_map.json', 'added_tokens.json',
  'vocab.json', 'vocab.txt', 'merges.txt', 'tokenizer.model', 'spiece.model',
]);

/** One set of weights: repositories often carry the same ones twice, sharded in another way. */
function weightFiles(files: readonly string[]): string[] {
  if (files.includes('model.safetensors')) return ['model.safetensors'];
  if (files.includes('model.safetensors.index.json')) {
    return files.filter((file) => file === 'model.safetensors.index.json' || /^model-\d+-of-\d+\.safetensors$/.test(file));
  }
  return files.filter((file) => /^[^/]+\.safetensors$/.test(file));
}

function chosenFiles(files: readonly string[], patterns: readonly string[]): string[] {
  for (const pattern of patterns) {
    const matches = files.filter((file) => matchesGlob(pattern, file));
    if (matches.length === 0) throw new MechanistError('not-found', `No file of the repository matches "${pattern}".`);
    if (matches.every(isPickle)) {
      throw new MechanistError('unsupported', 'Pickled weights can run code when read and are refused.', { file: matches[0], hint: 'Use the safetensors files.' });
    }
  }
  return files.filter((file) => !isPickle(file) && patterns.some((pattern) => matchesGlob(pattern, file)));
}

function isPickle(file: string): boolean {
  return /\.(bin|pt|pth|pkl|pickle|ckpt|joblib|npy|h5|msgpack)$/i.test(file);
}

async function readJson(connection: Connection, response: Response, url: string): Promise<Readonly<Record<string, unknown>>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of bodyOf(connection, response, url)) {
    size += chunk.length;
    if (size > largestAnswer) throw new MechanistError('parse', 'The answer is too long.', { file: url });
    chunks.push(chunk);
  }
  try {
    const value: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    if (isJsonObject(value)) return value;
  } catch (error) {
    throw new MechanistError('parse', 'The answer is not JSON.', { file: url, cause: error });
  }
  throw new MechanistError('parse', 'The answer is not a JSON object.', { file: url });
}
