/** EAP-IG graph files (formats reference §8): scores and membership of every edge, as `Graph.to_json` writes them. */
import { MechanistError } from '../../engine/errors.ts';
import { isJsonMap, parseJson } from '../../engine/formats/json.ts';
import type { JsonMap } from '../../engine/formats/json.ts';
import type { Model } from '../../engine/models/model.ts';
import { edgeName } from '../edges/edgeGraph.ts';
import type { EdgeGraph } from '../edges/edgeGraph.ts';
import { nodeOf } from './select.ts';

/** The graph with scores and, where there is a circuit, who is in it. */
export function writeEapGraph(model: Model, edges: EdgeGraph, scores: ArrayLike<number>, circuit?: Uint8Array): string {
  const { config } = model;
  const names = Array.from(edges.exists.keys()).filter((edge) => edges.exists[edge] === 1);
  const nodes = [...new Set([...edges.senders.map(({ name }) => name), ...edges.receivers.map(({ name }) => nodeOf(name))])];
  const width = edges.receivers.length;
  const inside = new Set(names.filter((edge) => circuit?.[edge] === 1).flatMap((edge) => [edges.senders[Math.floor(edge / width)]!.name, nodeOf(edges.receivers[edge % width]!.name)]));
  return JSON.stringify({
    cfg: { n_layers: config!.nLayers, n_heads: config!.nHeads, parallel_attn_mlp: config!.parallelAttnMlp, d_model: config!.dModel },
    nodes: Object.fromEntries(nodes.map((name) => [name, { in_graph: inside.has(name) }])),
    edges: Object.fromEntries(names.map((edge) => [edgeName(edges, edge), { score: scores[edge]!, in_graph: circuit?.[edge] === 1 }])),
  });
}

export interface EapGraph {
  /** [senders · receivers]; 0 for edges the file does not name. */
  readonly scores: Float32Array;
  readonly circuit: Uint8Array;
  /** Edges of the model that the file does not name. */
  readonly missing: number;
}

/** Errors: `parse` for what is not such a file; `argument` when it belongs to a model of other sizes. */
export function readEapGraph(text: string | Uint8Array, model: Model, edges: EdgeGraph, file?: string): EapGraph {
  const where = file === undefined ? {} : { file };
  const root = parseJson(text, { maxBytes: 500 * 2 ** 20, maxDepth: 6, maxObjects: 5e6, maxValues: 5e7, ...where });
  const fail = (field: string, statement: string): never => {
    throw new MechanistError('parse', statement, { ...where, field });
  };
  if (!isJsonMap(root)) return fail('document', 'An EAP-IG graph is a JSON object.');
  const listed = root.get('edges');
  if (!isJsonMap(listed)) return fail('edges', 'The object "edges" is missing.');
  requireSizes(root.get('cfg'), model, where);
  const index = new Map<string, number>();
  edges.exists.forEach((exists, edge) => {
    if (exists === 1) index.set(edgeName(edges, edge), edge);
  });
  const scores = new Float32Array(edges.exists.length);
  const circuit = new Uint8Array(edges.exists.length);
  for (const [name, entry] of listed) {
    const edge = index.get(name);
    if (edge === undefined) throw new MechanistError('argument', `The model ${model.id} has no such edge.`, { ...where, field: `edge ${name.slice(0, 100)}` });
    if (!isJsonMap(entry)) return fail(`edge ${name}`, 'An edge is an object with score and in_graph.');
    const score = entry.get('score') ?? 0;
    if (typeof score !== 'number' || !Number.isFinite(Math.fround(score))) return fail(`edge ${name}`, 'The score is not a finite number.');
    scores[edge] = score;
    circuit[edge] = entry.get('in_graph') === true ? 1 : 0;
  }
  return { scores, circuit, missing: index.size - listed.size };
}

function requireSizes(cfg: JsonMap | unknown, model: Model, where: { file?: string }): void {
  if (!(cfg instanceof Map)) return;
  const sizes = [['n_layers', model.config?.nLayers], ['n_heads', model.config?.nHeads], ['d_model', model.config?.dModel]] as const;
  for (const [name, expected] of sizes) {
    const value = (cfg as JsonMap).get(name);
    if (value !== undefined && value !== expected) {
      throw new MechanistError('argument', `The graph is of a model with ${name} = ${JSON.stringify(value)}; ${model.id} has ${expected}.`, { ...where, field: `cfg › ${name}` });
    }
  }
}
