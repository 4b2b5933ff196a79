/** Opening dictionaries from disk: finds out the layout and hands over to layouts/. Weights are read when first used. */
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { MechanistError } from '../errors.ts';
import { openNpz } from '../formats/npz.ts';
import { openSafetensors } from '../formats/safetensors.ts';
import type { CrossLayerTranscoder, Dictionary, TranscoderSet } from './dictionary.ts';
import { hookOfLayer, openCrossLayer, openTranscoderLayer } from './layouts/circuitTracer.ts';
import { describeSet, jsonSettings, setConfiguration } from './layouts/description.ts';
import { openGemmaScope } from './layouts/gemmaScope.ts';
import { openGemmaScope2, openGemmaScope2CrossLayer } from './layouts/gemmaScope2.ts';
import { layerIn } from './layouts/layout.ts';
import type { OpenOptions } from './layouts/layout.ts';
import { openLlamaScope } from './layouts/llamaScope.ts';
import { openSaelens } from './layouts/saelens.ts';
import { Settings } from './layouts/settings.ts';
import { openSparsify } from './layouts/sparsify.ts';

/**
 * Opens one autoencoder or per-layer transcoder: a folder (SAELens, sparsify, Llama Scope, Gemma Scope 1 and 2, or a
 * transcoder set with `options.layer`), or a single `.npz` or `.safetensors` file of such a folder.
 * Errors: `not-found`; `unsupported` for pickled files and unknown layouts; `parse` for files that break their layout.
 */
export async function openDictionary(path: string, options: OpenOptions = {}): Promise<Dictionary> {
  const whole = resolve(path);
  if (!(await statOf(whole)).isDirectory()) return openFile(whole, options);
  const files = await readdir(whole);
  const has = (name: string): boolean => files.includes(name);
  const id = options.id ?? basename(whole);
  const at = (name: string): string => join(whole, name);
  if (has('cfg.json') && has('sae_weights.safetensors')) {
    const scaler = await jsonSettings(at('activation_scaler.json'));
    return openSaelens({
      id, source: whole,
      config: (await jsonSettings(at('cfg.json')))!,
      weights: openSafetensors(at('sae_weights.safetensors')),
      scalingFactor: scaler?.pick(['scaling_factor'])['scaling_factor'] === undefined ? undefined : scaler.number('scaling_factor'),
    }, options);
  }
  if (has('cfg.json') && has('sae.safetensors')) return openSparsify(id, whole, (await jsonSettings(at('cfg.json')))!, openSafetensors(at('sae.safetensors')), options);
  if (has('hyperparams.json') && has('checkpoints')) {
    return openLlamaScope(id, whole, (await jsonSettings(at('hyperparams.json')))!, openSafetensors(join(whole, 'checkpoints', 'final.safetensors')), options);
  }
  if (has('params.npz')) return openFile(at('params.npz'), { ...options, id });
  if (has('params.safetensors')) return openFile(at('params.safetensors'), { ...options, id });
  if (layerFiles(files, /^layer_(\d+)\.safetensors$/).length > 0) return layerOf(whole, options);
  if (files.some((name) => /^(W_enc|params_layer)_\d+\.safetensors$/.test(name))) {
    throw new MechanistError('argument', 'This is a cross-layer transcoder, which spans several hook points.', { file: whole, hint: 'Open it as a set of transcoders.' });
  }
  const pickled = files.find(isPickle);
  if (pickled !== undefined) throw pickleRefusal(at(pickled));
  throw new MechanistError('unsupported', 'The folder has no dictionary layout that is known.', {
    file: whole, hint: 'Known: SAELens, sparsify, Gemma Scope, Llama Scope, circuit-tracer.',
  });
}

/**
 * Opens the transcoders of all layers: a folder in circuit-tracer's layout (per layer or cross-layer), a Gemma Scope 2
 * cross-layer transcoder, or a `config.yaml` that lists local files.
 * Errors: as `openDictionary`; `parse` when a layer is missing; `argument` for a cross-layer transcoder without hooks.
 */
export async function openTranscoders(path: string, options: OpenOptions = {}): Promise<TranscoderSet | CrossLayerTranscoder> {
  const given = resolve(path);
  const folder = (await statOf(given)).isDirectory() ? given : dirname(given);
  const config = await setConfiguration(folder);
  const set = describeSet(config, options.hooks);
  const id = options.id ?? basename(folder);
  const files = await readdir(folder);
  const encoders = layerFiles(files, /^W_enc_(\d+)\.safetensors$/);
  if (encoders.length > 0) {
    requireAllLayers(folder, encoders);
    return openCrossLayer(id, folder, encoders.map(({ name }) => openSafetensors(join(folder, name))), encoders.map(({ layer }) => openSafetensors(join(folder, `W_dec_${layer}.safetensors`))), set);
  }
  const parameterFiles = layerFiles(files, /^params_layer_(\d+)\.safetensors$/);
  if (parameterFiles.length > 0) {
    requireAllLayers(folder, parameterFiles);
    return openGemmaScope2CrossLayer(id, folder, parameterFiles.map(({ name }) => openSafetensors(join(folder, name))), set);
  }
  const listed = listedLayers(config, folder);
  const layers = listed.length > 0 ? listed : layerFiles(files, /^layer_(\d+)\.safetensors$/).map(({ name, layer }) => ({ file: join(folder, name), layer }));
  if (layers.length === 0) {
    const pickled = files.find(isPickle);
    if (pickled !== undefined) throw pickleRefusal(join(folder, pickled));
    throw new MechanistError('unsupported', 'The folder has no transcoders in a known layout.', { file: folder, hint: 'Expected layer_0.safetensors … or W_enc_0.safetensors ….' });
  }
  requireAllLayers(folder, layers);
  const transcoders = await Promise.all(layers.map(({ file, layer }) => {
    const hooks = { ...(set.inputHook === undefined ? {} : { input: set.inputHook }), ...(set.outputHook === undefined ? {} : { output: set.outputHook }) };
    return openFile(file, { id: `${id}/${layer}`, hooks, layer }, config);
  }));
  return { kind: 'transcoder_set', id, transcoders, metadata: set.metadata };
}

/** Whether a path is a folder of transcoders for all layers, per layer or cross-layer. */
export async function spansLayers(path: string): Promise<boolean> {
  const whole = resolve(path);
  if (!(await statOf(whole)).isDirectory()) return false;
  return (await readdir(whole)).some((name) => /^(layer|W_enc|params_layer)_\d+\.safetensors$/.test(name));
}

async function openFile(file: string, options: OpenOptions, config?: Settings): Promise<Dictionary> {
  if (isPickle(file)) throw pickleRefusal(file);
  const id = options.id ?? basename(file, extname(file));
  const layer = options.layer ?? layerIn(file) ?? Number(/layer_(\d+)/.exec(file)?.[1] ?? 0);
  const whole = config ?? (await setConfiguration(dirname(file)));
  const set = describeSet(whole, options.hooks);
  if (extname(file) === '.npz') {
    const transcoder = set.outputHook !== undefined && set.outputHook !== set.inputHook;
    return openGemmaScope(id, file, openNpz(file), transcoder ? 'transcoder' : 'sae', { ...options, hooks: hooksAt(set, layer) });
  }
  if (extname(file) !== '.safetensors') {
    if (basename(file) === 'cfg.json') return openDictionary(dirname(file), options);
    throw new MechanistError('unsupported', 'This is not a dictionary file.', { file });
  }
  const weights = openSafetensors(file);
  if (weights.has('w_enc')) return openGemmaScope2(id, file, weights, { ...options, hooks: hooksAt(set, layer) });
  if (/^(sae_weights|sae|final)\.safetensors$/.test(basename(file))) {
    weights.close();
    return openDictionary(basename(file) === 'final.safetensors' ? dirname(dirname(file)) : dirname(file), options);
  }
  return openTranscoderLayer(id, weights, layer, set);
}

async function layerOf(folder: string, options: OpenOptions): Promise<Dictionary> {
  const set = await openTranscoders(folder, options);
  if (set.kind === 'clt') throw new MechanistError('argument', 'This is a cross-layer transcoder.', { file: folder });
  if (options.layer === undefined) {
    throw new MechanistError('argument', `The folder holds transcoders of ${set.transcoders.length} layers.`, { file: folder, hint: 'Name one (--layer on the command line), or open one of its files.' });
  }
  const found = set.transcoders[options.layer];
  if (found === undefined) throw new MechanistError('argument', `The folder has layers 0 to ${set.transcoders.length - 1}.`, { file: folder, field: `layer ${options.layer}` });
  return found;
}

function hooksAt({ inputHook, outputHook }: ReturnType<typeof describeSet>, layer: number): { input?: string; output?: string } {
  return { ...(inputHook === undefined ? {} : { input: hookOfLayer(inputHook, layer) }), ...(outputHook === undefined ? {} : { output: hookOfLayer(outputHook, layer) }) };
}

interface LayerFile {
  readonly layer: number;
}

function layerFiles(files: readonly string[], pattern: RegExp): (LayerFile & { name: string })[] {
  return files.flatMap((name) => {
    const layer = pattern.exec(name)?.[1];
    return layer === undefined ? [] : [{ name, layer: Number(layer) }];
  }).toSorted((a, b) => a.layer - b.layer);
}

/** The local files of the `transcoders` list of a `config.yaml`. */
function listedLayers(config: Settings | undefined, folder: string): { file: string; layer: number }[] {
  const list = config?.value('transcoders');
  if (!Array.isArray(list)) return [];
  return list.map((entry, i) => {
    const item = new Settings(config!.file, entry, `transcoders.${i}`);
    const path = item.optionalString('filepath') ?? '';
    if (path === '' || path.includes('://') || path.startsWith('/') || path.split(/[\\/]/).includes('..')) {
      throw new MechanistError('unsupported', 'Only files inside the folder of the configuration are read.', { file: config!.file, field: `transcoders.${i}.filepath`, hint: 'Download the transcoders beside it and name them by relative path.' });
    }
    return { file: join(folder, path), layer: item.value('layer') === 0 ? 0 : item.integer('layer') };
  }).toSorted((a, b) => a.layer - b.layer);
}

function requireAllLayers(folder: string, layers: readonly LayerFile[]): void {
  layers.forEach(({ layer }, i) => {
    if (layer !== i) throw new MechanistError('parse', `Layer ${i} has no file.`, { file: folder, hint: 'Circuit tracing needs every layer from 0 to the last.' });
  });
}

function isPickle(name: string): boolean {
  return ['.pt', '.pth', '.pkl', '.pickle', '.bin', '.ckpt'].includes(extname(name));
}

function pickleRefusal(file: string): MechanistError {
  return new MechanistError('unsupported', 'Pickled files run code when they are loaded, so this dictionary is not readable safely.', {
    file, hint: 'Convert it first: load it where it was made and save its tensors as safetensors in the SAELens layout.',
  });
}

async function statOf(path: string): Promise<{ isDirectory(): boolean }> {
  try {
    return await stat(path);
  } catch (error) {
    throw new MechanistError('not-found', 'There is no dictionary at this path.', { file: path, cause: error });
  }
}
