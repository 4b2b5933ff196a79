/** `mechanist encode`: feature activations and reconstruction of given activations. */
import { encodeRows } from '../../engine/dictionaries/encodeRows.ts';
import { openDictionary } from '../../engine/dictionaries/open.ts';
import { openSafetensors } from '../../engine/formats/safetensors.ts';
import { writeSafetensors } from '../../engine/formats/safetensorsWriter.ts';
import { MechanistError } from '../../engine/errors.ts';
import type { Tensor } from '../../engine/tensor.ts';
import type { Command } from '../command.ts';
import { dictionaryOptions, openOptions } from '../dictionaryOptions.ts';
import { runtimeOptions, withRuntime } from '../sharedOptions.ts';

export const encode: Command = {
  name: 'encode',
  summary: 'Encode activations with a dictionary and decode them again.',
  positionals: ['DICT'],
  options: {
    inputs: { type: 'string', value: 'FILE', description: 'safetensors file with activations [..., d]: the tensor "x", or the only one.', required: true },
    out: { type: 'string', value: 'FILE', description: 'safetensors file to write: feature_acts [..., latents] and reconstruction [..., d].', required: true },
    ...dictionaryOptions,
    ...runtimeOptions,
  },
  notes: 'DICT is a folder or file in the layout of SAELens, sparsify, Gemma Scope, Llama Scope or circuit-tracer.',
  async run({ positionals, options, signal }) {
    const dictionary = await openDictionary(positionals[0]!, openOptions(options));
    const x = readActivations(options.requiredText('inputs'));
    const { acts, reconstruction } = await withRuntime(options, (runtime) => encodeRows(dictionary, x, runtime, signal));
    writeSafetensors(options.requiredText('out'), [['feature_acts', acts], ['reconstruction', reconstruction]]);
  },
};

function readActivations(file: string): Tensor<'float32'> {
  const source = openSafetensors(file);
  try {
    const names = [...source.names()];
    const name = names.includes('x') ? 'x' : names.length === 1 ? names[0]! : undefined;
    if (name === undefined) throw new MechanistError('argument', `Which tensor is meant? The file has ${names.length}.`, { file, hint: 'Name it "x".' });
    return source.readFloat32(name);
  } finally {
    source.close();
  }
}
