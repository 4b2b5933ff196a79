/** New models from a configuration alone: what training starts from, and what benchmarks run. */
import { createHash } from 'node:crypto';
import { MechanistError } from '../errors.ts';
import { isJsonMap, parseJson } from '../formats/json.ts';
import { zeros } from '../tensor.ts';
import { ConfigReader } from './families/configReader.ts';
import { FamilyModel } from './families/familyModel.ts';
import { families } from './families/registry.ts';
import { ParameterStore } from './parameters.ts';

/**
 * A model of the architecture that `config` (the contents of a Hugging Face config.json) describes, all weights 0.
 * Fill them with `initializeParameters` or by training. Errors: `parse`, `unsupported`, naming the field.
 */
export function createHuggingFace(id: string, config: Readonly<Record<string, unknown>>): FamilyModel {
  const text = JSON.stringify(config);
  const root = parseJson(text);
  if (!isJsonMap(root)) throw new MechanistError('argument', 'A configuration is an object.');
  const reader = new ConfigReader(`${id}/config.json`, root);
  const modelType = reader.string('model_type');
  const family = families.get(modelType);
  if (family === undefined) return reader.unsupported('model_type', `The family "${modelType}" is not known. Known: ${[...families.keys()].join(', ')}.`);
  const definition = family.define(reader);
  const parameters = new ParameterStore();
  for (const [name, { dims }] of definition.weights) parameters.declare(name, 'float32', dims, () => zeros('float32', dims));
  const hash = (): Promise<string> => {
    const digest = createHash('sha256').update(text);
    for (const name of parameters.names()) {
      const { data } = parameters.get(name);
      digest.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    }
    return Promise.resolve(digest.digest('hex'));
  };
  return new FamilyModel({ id, family: modelType, source: id, json: root, definition, parameters, hash });
}
