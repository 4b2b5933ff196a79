/** `graph.sets`: the transcoders that graphs of a model can be built with. */
import { basename, dirname } from 'node:path';
import type { Transcoders } from '../../../algorithmic/attributionGraph/featureLayers.ts';
import type { CrossLayerTranscoder, Dictionary } from '../../../engine/dictionaries/dictionary.ts';
import { openTranscoders } from '../../../engine/dictionaries/open.ts';
import { MechanistError } from '../../../engine/errors.ts';
import type { ParsedParams } from '../../../protocol/methods.ts';
import type { TranscoderSetSummary } from '../../../protocol/methods/graphResults.ts';
import { checkedPath } from '../../paths.ts';
import type { OpenModel, Session } from '../../session.ts';

/** Sets whose every layer is there come first; nothing is opened. Errors: `not-found`. */
export function graphSets(session: Session, params: ParsedParams<'graph.sets'>): readonly TranscoderSetSummary[] {
  const open = session.model(params.model);
  return openSets(open).map(({ path, transcoders }) => summaryOf(path, transcoders));
}

/**
 * The set at a path: one that is open for the model, or opened now and kept with it. Without a path, the first open one.
 * Errors: `not-found` for a model without transcoders; `memory`; those of `openTranscoders`.
 */
export async function setOf(session: Session, open: OpenModel, asked: string | undefined, hooks: { inputHook?: string | undefined; outputHook?: string | undefined }): Promise<{ path: string; transcoders: Transcoders }> {
  const known = openSets(open);
  if (asked === undefined) {
    const [first] = known;
    if (first === undefined) {
      throw new MechanistError('not-found', `There are no transcoders for ${open.model.id}, and attribution graphs are made of their features.`, { hint: 'Choose a folder of transcoders that was trained on this model.' });
    }
    return first;
  }
  const path = await checkedPath(asked, 'folder');
  const given = { ...(hooks.inputHook === undefined ? {} : { input: hooks.inputHook }), ...(hooks.outputHook === undefined ? {} : { output: hooks.outputHook }) };
  const plain = Object.keys(given).length === 0;
  const found = plain ? known.find((set) => set.path === path) : undefined;
  if (found !== undefined) return found;
  const key = JSON.stringify([path, given]);
  const kept = keptSets.get(open) ?? new Map<string, Transcoders>();
  keptSets.set(open, kept);
  let transcoders = kept.get(key);
  if (transcoders === undefined) {
    transcoders = await openTranscoders(path, plain ? {} : { hooks: given });
    const stores = transcoders.kind === 'clt' ? [transcoders.parameters] : transcoders.transcoders.map(({ parameters }) => parameters);
    session.allow(stores.reduce((sum, { bytes }) => sum + bytes, 0), open.memoryLimit, path);
    kept.set(key, transcoders);
  }
  return { path, transcoders };
}

/** A set that is open for the model, by the name of its folder. */
export function setNamed(open: OpenModel, name: string): Transcoders | undefined {
  return [...openSets(open).map(({ transcoders }) => transcoders), ...(keptSets.get(open)?.values() ?? [])].find((set) => folderOf(set) === name);
}

function folderOf(set: Transcoders): string {
  return basename(set.kind === 'clt' ? set.source : dirname(set.transcoders[0]!.source));
}

/** Sets opened for graphs alone, with their model. */
const keptSets = new WeakMap<OpenModel, Map<string, Transcoders>>();

interface OpenSet {
  readonly path: string;
  readonly transcoders: Transcoders;
}

/** The dictionaries of a model that are transcoders of one folder each, complete sets first. */
function openSets(open: OpenModel): OpenSet[] {
  const weights = open.dictionarySummaries.map(({ dictionary }) => open.dictionary(dictionary).weights);
  const sets: OpenSet[] = [];
  for (const clt of new Set(weights.filter((each): each is CrossLayerTranscoder => each.kind === 'clt'))) sets.push({ path: clt.source, transcoders: clt });
  const layers = weights.filter((each): each is Dictionary => each.kind === 'transcoder' && layerOf(each) !== undefined);
  for (const [path, group] of Map.groupBy(layers, ({ source }) => dirname(source))) {
    const sorted = group.toSorted((a, b) => layerOf(a)! - layerOf(b)!);
    if (sorted.every((each, layer) => layerOf(each) === layer)) sets.push({ path, transcoders: { kind: 'transcoder_set', id: basename(path), transcoders: sorted, metadata: sorted[0]!.metadata } });
  }
  const wanted = open.model.config?.nLayers;
  const complete = ({ transcoders }: OpenSet): boolean => layerCount(transcoders) === wanted;
  return sets.filter(complete).toSorted((a, b) => Number(a.transcoders.kind === 'clt') - Number(b.transcoders.kind === 'clt'));
}

function layerOf({ metadata }: Dictionary): number | undefined {
  const { layer } = metadata;
  return typeof layer === 'number' ? layer : undefined;
}

function layerCount(transcoders: Transcoders): number {
  return transcoders.kind === 'clt' ? transcoders.nLayers : transcoders.transcoders.length;
}

function summaryOf(path: string, transcoders: Transcoders): TranscoderSetSummary {
  const common = { path, name: basename(path), layers: layerCount(transcoders) };
  if (transcoders.kind === 'clt') return { ...common, kind: 'clt', latents: transcoders.nLatents, inputHook: transcoders.hooks.inputs[0]!, outputHook: transcoders.hooks.outputs[0]! };
  const [first] = transcoders.transcoders;
  return { ...common, kind: 'transcoders', latents: first!.nLatents, inputHook: first!.hooks.input!, outputHook: first!.hooks.output! };
}
