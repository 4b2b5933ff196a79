/** Which open dictionary holds the features of a graph's layer: those it was built with, or those that its file names. Pure. */
import type { DictionarySummary, ModelSummary } from '../../../src/protocol/methods.ts';
import type { GraphSummary } from '../../../src/protocol/methods/graphResults.ts';

type Source = GraphSummary['source'];

/** Name of the set: that of its folder, or the last part of what a file calls it (`fable-4l/transcoders`). */
export function setName(source: Source): string {
  return (source.kind === 'built' ? source.set : source.scan).split(/[\\/]/).at(-1) ?? '';
}

/** Undefined where the dictionary is not open, or the file is about another model. */
export function dictionaryOf(source: Source, layer: number, model: ModelSummary | undefined): DictionarySummary | undefined {
  if (model === undefined || (source.kind === 'file' && source.scan.includes('/') && !source.scan.startsWith(`${model.id}/`))) return undefined;
  return model.dictionaries.find(({ kind, id, source: path, hook }) => kind !== 'sae' && hook.startsWith(`blocks.${layer}.`) && (source.kind === 'built' ? path.startsWith(source.set) : id === `${setName(source)}.${layer}`));
}
