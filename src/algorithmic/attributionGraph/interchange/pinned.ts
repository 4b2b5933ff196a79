/** What a person keeps of a graph, as Neuronpedia saves it: pinned nodes, supernodes, labels, thresholds (formats reference §3). */
import { MechanistError } from '../../../engine/errors.ts';
import { isJsonMap, parseJson } from '../../../engine/formats/json.ts';
import type { JsonMap, JsonValue } from '../../../engine/formats/json.ts';
import { kindOf } from '../graph.ts';
import type { AttributionGraph } from '../graph.ts';
import { fileId, nodesById } from './nodeIds.ts';

export interface Pinned {
  readonly nodes: readonly number[];
  readonly supernodes: readonly { readonly label: string; readonly nodes: readonly number[] }[];
}

export interface SavedSubgraph extends Pinned {
  /** Labels of features by `layer/feature`. */
  readonly labels: ReadonlyMap<string, string>;
  readonly pruningThreshold: number | undefined;
  readonly densityThreshold: number | undefined;
}

/** The JSON text of a saved subgraph. */
export function subgraphJson(graph: AttributionGraph, { nodes, supernodes, labels, pruningThreshold, densityThreshold }: SavedSubgraph): string {
  const clerps = nodes.flatMap((node) => {
    const label = kindOf(graph, node) === 'feature' ? labels.get(`${graph.nodes.layer[node]}/${graph.nodes.feature[node]}`) : undefined;
    return label === undefined ? [] : [[fileId(graph, node), label]];
  });
  return JSON.stringify({
    pinnedIds: nodes.map((node) => fileId(graph, node)),
    supernodes: supernodes.map((group) => [group.label, ...group.nodes.map((node) => fileId(graph, node))]),
    clerps,
    ...(pruningThreshold === undefined ? {} : { pruningThreshold }),
    ...(densityThreshold === undefined ? {} : { densityThreshold }),
  }, undefined, 2);
}

/**
 * Reads a saved subgraph, or the `qParams` of a graph file's text.
 * Errors: `parse` for text that does not follow the format, `argument` when it names nodes that the graph lacks, `memory` above 32 MiB.
 */
export function readSubgraph(graph: AttributionGraph, text: string, file?: string): SavedSubgraph {
  const root = parseJson(text, { maxBytes: 32 * 2 ** 20, maxDepth: 8, ...(file === undefined ? {} : { file }) });
  if (!isJsonMap(root)) throw new MechanistError('parse', 'An object is expected.', { file });
  const parameters = root.get('qParams');
  return subgraphOf(graph, isJsonMap(parameters) ? parameters : root, file);
}

/** The same from parsed members. */
export function subgraphOf(graph: AttributionGraph, members: JsonMap, file?: string): SavedSubgraph {
  const byId = nodesById(graph);
  const missing = new Set<string>();
  const node = (id: JsonValue): number => {
    const found = typeof id === 'string' ? byId.get(id) : undefined;
    if (found === undefined) missing.add(typeof id === 'string' ? id : JSON.stringify(id));
    return found ?? -1;
  };
  const nodes = list(members.get('pinnedIds'), 'pinnedIds', file).map(node);
  const supernodes = list(members.get('supernodes'), 'supernodes', file).map((group) => {
    const [label, ...ids] = list(group, 'supernodes', file);
    return { label: textOf(label, 'supernodes', file), nodes: ids.map(node) };
  });
  const labels = new Map(list(members.get('clerps'), 'clerps', file).map((entry): [string, string] => {
    const [id, label] = list(entry, 'clerps', file);
    const at = node(id ?? null);
    return [`${graph.nodes.layer[at]}/${graph.nodes.feature[at]}`, textOf(label, 'clerps', file)];
  }));
  if (missing.size > 0) {
    throw new MechanistError('argument', `The graph lacks ${missing.size} of the nodes that are named, ${[...missing].slice(0, 3).join(', ')} among them.`, { file, hint: 'Open the subgraph with the graph it was made from.' });
  }
  return { nodes, supernodes, labels, pruningThreshold: share(members.get('pruningThreshold')), densityThreshold: share(members.get('densityThreshold')) };
}

function list(value: JsonValue | undefined, field: string, file: string | undefined): readonly JsonValue[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new MechanistError('parse', 'A list is expected.', { file, field });
  return value;
}

function textOf(value: JsonValue | undefined, field: string, file: string | undefined): string {
  if (typeof value !== 'string') throw new MechanistError('parse', 'A text is expected.', { file, field });
  return value;
}

function share(value: JsonValue | undefined): number | undefined {
  return typeof value === 'number' && value >= 0 && value <= 1 ? value : undefined;
}
