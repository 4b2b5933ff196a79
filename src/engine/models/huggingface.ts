/** Opening a Hugging Face model folder: config.json decides the family, safetensors hold the weights. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { MechanistError } from '../errors.ts';
import { openFile } from '../formats/byteSource.ts';
import { checkpointFiles, openCheckpoint } from '../formats/checkpoint.ts';
import { isJsonMap, parseJson } from '../formats/json.ts';
import { ConfigReader } from './families/configReader.ts';
import { FamilyModel } from './families/familyModel.ts';
import { families } from './families/registry.ts';
import { storeOf } from './families/store.ts';
import { cachedModelId } from './hub/cache.ts';
import type { Model } from './model.ts';

/** A config.json has a few kilobytes; class names can make it some hundred. */
const largestConfig = 16 * 2 ** 20;

/**
 * Opens a folder with config.json and safetensors weights. Weights are checked for presence and shape now and read when
 * first used.
 * Errors: `not-found`, `parse`, `unsupported` (another family, head or storage), each naming file and field.
 */
export async function openHuggingFace(folder: string): Promise<Model> {
  const path = resolve(folder);
  const config = readConfig(path);
  const modelType = config.string('model_type');
  const family = families.get(modelType);
  if (family === undefined) return config.unsupported('model_type', `The family "${modelType}" is not known. Known: ${[...families.keys()].join(', ')}.`);
  const definition = family.define(config);
  const parameters = storeOf(openCheckpoint(path), definition.weights, family.prefix);
  return new FamilyModel({ id: cachedModelId(path) ?? basename(path), family: modelType, source: path, json: config.json, definition, parameters, hash: () => hashOf(path) });
}

function readConfig(folder: string): ConfigReader {
  const file = join(folder, 'config.json');
  const source = openFile(file);
  try {
    if (source.size > largestConfig) throw new MechanistError('parse', `The configuration has ${source.size} bytes; at most ${largestConfig} are read.`, { file });
    const root = parseJson(source.read(0, source.size), { file });
    if (!isJsonMap(root)) throw new MechanistError('parse', 'An object is expected.', { file });
    return new ConfigReader(file, root);
  } finally {
    source.close();
  }
}

/** SHA-256 over the bytes of config.json and of the weight files in the order of their names. */
async function hashOf(folder: string): Promise<string> {
  const digest = createHash('sha256');
  for (const file of [join(folder, 'config.json'), ...checkpointFiles(folder)]) {
    try {
      for await (const chunk of createReadStream(file, { highWaterMark: 2 ** 20 })) digest.update(chunk as Buffer);
    } catch (error) {
      throw new MechanistError('not-found', 'The file could not be read.', { file, cause: error });
    }
  }
  return digest.digest('hex');
}
