/** Collects the nodes and links of a file into a graph, whatever their order, and settles names that several nodes share. */
import { MechanistError } from '../../../engine/errors.ts';
import type { JsonMap, JsonValue } from '../../../engine/formats/json.ts';
import { countKinds, nodeKinds } from '../graph.ts';
import type { AttributionGraph, EdgeRows } from '../graph.ts';
import { otherTypes, readNode } from './readNode.ts';
import type { FileNode } from './readNode.ts';

export interface AssemblerOptions {
  readonly repair: boolean;
  readonly maxNodes: number;
  readonly maxLinks: number;
  readonly file: string | undefined;
}

interface Assembled {
  readonly graph: AttributionGraph;
  readonly cumulative: Float64Array | undefined;
  readonly labels: ReadonlyMap<string, string>;
  readonly types: ReadonlyMap<number, string>;
  readonly remarks: readonly string[];
}

/** What an id stands for: a feature, token or logit, and an error that may have the same id (trap T2). */
interface Named {
  main: number;
  error: number;
}

export class GraphAssembler {
  private readonly options: AssemblerOptions;
  private readonly found: FileNode[] = [];
  /** Id → its number; nodes by number of their id. Links may come before the nodes they name. */
  private readonly numbers = new Map<string, number>();
  private readonly named: Named[] = [];
  private sources = new Uint32Array(1024);
  private targets = new Uint32Array(1024);
  private weights = new Float32Array(1024);
  private count = 0;
  /** Links that say whether feature or error is meant where these share an id: only our own files do. */
  private readonly told = new Map<number, 'feature' | 'error'>();
  private duplicates = 0;

  constructor(options: AssemblerOptions) {
    this.options = options;
  }

  get nodes(): number {
    return this.found.length;
  }

  get links(): number {
    return this.count;
  }

  /** Errors: `parse`, also for an id that is there already; `memory`. */
  addNode(value: unknown): void {
    const { file, maxNodes, repair } = this.options;
    const field = `nodes[${this.found.length}]`;
    if (this.found.length >= maxNodes) throw new MechanistError('memory', `The graph has more than ${maxNodes} nodes.`, { file });
    const node = readNode(value, field, file);
    const named = this.named[this.number(node.id)]!;
    const slot = node.kind === 'error' ? 'error' : 'main';
    if (named[slot] >= 0) {
      if (!repair) throw new MechanistError('parse', `Two nodes have the id ${node.id.slice(0, 100)}.`, { file, field, hint: 'Open it with repairs to keep the first of them.' });
      this.duplicates++;
      return;
    }
    named[slot] = this.found.length;
    this.found.push(node);
  }

  /** Errors: `parse`; `memory`. */
  addLink(value: unknown): void {
    const { file, maxLinks } = this.options;
    const field = `links[${this.count}]`;
    if (this.count >= maxLinks) throw new MechanistError('memory', `The graph has more than ${maxLinks} links.`, { file, hint: 'Write it again with lower thresholds.' });
    const { source, target, weight, source_kind: sourceKind } = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
    if (typeof source !== 'string' || typeof target !== 'string') throw new MechanistError('parse', 'A link has the ids of its source and target.', { file, field });
    if (typeof weight !== 'number' || !Number.isFinite(Math.fround(weight))) throw new MechanistError('parse', 'The weight of a link is a finite number.', { file, field });
    if (this.count === this.sources.length) this.grow();
    this.sources[this.count] = this.number(source);
    this.targets[this.count] = this.number(target);
    if (sourceKind === 'error' || sourceKind === 'feature') this.told.set(this.count, sourceKind);
    this.weights[this.count++] = weight;
  }

  /** Errors: `parse` for links to nodes that do not exist. */
  finish(metadata: JsonMap): Assembled {
    const remarks: string[] = [];
    if (this.duplicates > 0) remarks.push(`${this.duplicates === 1 ? 'A node was left out because its' : `${this.duplicates} nodes were left out because their`} id was there already.`);
    const links = this.settledLinks(remarks);
    // Circuit-tracer's order: by kind; within a kind by layer, position and index.
    const rank = (kind: FileNode['kind']): number => nodeKinds.indexOf(kind);
    const { found } = this;
    const order = [...found.keys()].sort((i, j) => {
      const [a, b] = [found[i]!, found[j]!];
      if (a.kind !== b.kind) return rank(a.kind) - rank(b.kind);
      return a.kind === 'logit' ? i - j : a.layer - b.layer || a.position - b.position || a.feature - b.feature;
    });
    const place = new Uint32Array(found.length);
    order.forEach((from, to) => (place[from] = to));
    const nodes = order.map((from) => found[from]!);
    const kind = Uint8Array.from(nodes, (node) => rank(node.kind));
    const layers = 1 + nodes.reduce((most, node) => (node.kind === 'feature' || node.kind === 'error' ? Math.max(most, node.layer) : node.kind === 'logit' ? Math.max(most, node.layer - 2) : most), -1);
    const logits = nodes.filter((node) => node.kind === 'logit');
    const graph: AttributionGraph = {
      nodes: {
        kind,
        layer: Int32Array.from(nodes, (node) => (node.kind === 'logit' ? layers : node.layer)),
        position: Int32Array.from(nodes, ({ position }) => position),
        feature: Int32Array.from(nodes, ({ feature }) => feature),
        activation: Float32Array.from(nodes, ({ activation }) => activation),
      },
      counts: countKinds(kind),
      edges: rowsOf(links, place, nodes.length),
      probabilities: Float64Array.from(logits, ({ probability }) => probability),
      layers,
      ...promptOf(metadata, nodes),
      targets: logits.map(({ label, feature }) => /^Output "([\s\S]*)" \(p=[\d.]+\)$/.exec(label)?.[1] ?? (label === '' ? String(feature) : label)),
    };
    const labels = new Map(nodes.filter(({ kind: k, label }) => k === 'feature' && label !== '').map(({ layer, feature, label }) => [`${layer}/${feature}`, label]));
    const cumulative = Float64Array.from(nodes, (node) => (node.kind === 'logit' ? 1 : node.cumulative));
    const types = new Map(nodes.map(({ type }, i): [number, string] => [i, type]).filter(([, type]) => otherTypes.has(type)));
    return { graph, labels, types, remarks, cumulative: nodes.some((node) => node.kind !== 'logit' && !Number.isNaN(node.cumulative)) ? cumulative : undefined };
  }

  /** Links between nodes. An id that a feature and an error share is told apart by what the link can be. */
  private settledLinks(remarks: string[]): { source: Uint32Array; target: Uint32Array; weight: Float32Array } {
    const [source, target, weight] = [new Uint32Array(this.count), new Uint32Array(this.count), new Float32Array(this.count)];
    // Pairs of a shared id and a target that a single link connects.
    const unsure = new Set<number>();
    let [kept, dangling] = [0, 0];
    let example = '';
    for (let i = 0; i < this.count; i++) {
      const from = this.named[this.sources[i]!]!;
      const to = this.named[this.targets[i]!]!;
      // Errors have no inputs, so a shared id as target is the feature's.
      const end = to.main >= 0 ? to.main : to.error;
      let start = from.main >= 0 ? from.main : from.error;
      if (start < 0 || end < 0) {
        if (dangling++ === 0) example = [...this.numbers].find(([, number]) => number === (start < 0 ? this.sources[i] : this.targets[i]))![0];
        continue;
      }
      const told = this.told.get(i);
      if (from.main >= 0 && from.error >= 0 && told !== undefined) start = told === 'error' ? from.error : from.main;
      else if (from.main >= 0 && from.error >= 0 && this.found[end]!.layer > this.found[from.error]!.layer) {
        // circuit-tracer writes the feature's link to a target before the error's.
        const key = this.sources[i]! * this.named.length + this.targets[i]!;
        if (unsure.delete(key)) start = from.error;
        else unsure.add(key);
      }
      source[kept] = start;
      target[kept] = end;
      weight[kept++] = this.weights[i]!;
    }
    if (dangling > 0) {
      const statement = `${dangling === 1 ? 'A link names a node' : `${dangling} links name nodes`} that the file does not have: ${dangling === 1 ? '' : 'for one '}${example.slice(0, 100)}.`;
      if (!this.options.repair) throw new MechanistError('parse', statement, { file: this.options.file, field: 'links', hint: 'Open it with repairs to leave them out.' });
      remarks.push(`${statement} ${dangling === 1 ? 'It was' : 'They were'} left out.`);
    }
    if (unsure.size > 0) remarks.push(`${unsure.size} links come from an id that a feature and an error share; they were taken as the feature's.`);
    return { source: source.slice(0, kept), target: target.slice(0, kept), weight: weight.slice(0, kept) };
  }

  private number(id: string): number {
    let number = this.numbers.get(id);
    if (number === undefined) {
      this.numbers.set(id, (number = this.named.length));
      this.named.push({ main: -1, error: -1 });
    }
    return number;
  }

  private grow(): void {
    const grown = <T extends Uint32Array | Float32Array>(array: T, larger: T): T => {
      larger.set(array);
      return larger;
    };
    const size = 2 * this.sources.length;
    this.sources = grown(this.sources, new Uint32Array(size));
    this.targets = grown(this.targets, new Uint32Array(size));
    this.weights = grown(this.weights, new Float32Array(size));
  }
}

/** Rows with ascending sources; of two links between the same nodes, the weights add. */
function rowsOf({ source, target, weight }: { source: Uint32Array; target: Uint32Array; weight: Float32Array }, place: Uint32Array, count: number): EdgeRows {
  const start = new Uint32Array(count + 1);
  for (const t of target) start[place[t]! + 1]!++;
  for (let i = 0; i < count; i++) start[i + 1]! += start[i]!;
  const next = start.slice();
  const sources = new Uint32Array(source.length);
  const weights = new Float32Array(source.length);
  target.forEach((t, i) => {
    const at = next[place[t]!]!++;
    sources[at] = place[source[i]!]!;
    weights[at] = weight[i]!;
  });
  const merged = { start: new Uint32Array(count + 1), source: new Uint32Array(source.length), weight: new Float32Array(source.length) };
  let at = 0;
  for (let node = 0; node < count; node++) {
    const order = Array.from({ length: start[node + 1]! - start[node]! }, (_, k) => start[node]! + k).sort((a, b) => sources[a]! - sources[b]!);
    for (const from of order) {
      if (at > merged.start[node]! && merged.source[at - 1] === sources[from]) merged.weight[at - 1]! += weights[from]!;
      else {
        merged.source[at] = sources[from]!;
        merged.weight[at++] = weights[from]!;
      }
    }
    merged.start[node + 1] = at;
  }
  return { start: merged.start, source: merged.source.slice(0, at), weight: merged.weight.slice(0, at) };
}

function promptOf(metadata: JsonMap, nodes: readonly FileNode[]): Pick<AttributionGraph, 'tokens' | 'prompt'> {
  const written: JsonValue = metadata.get('prompt_tokens') ?? [];
  const positions = 1 + nodes.reduce((most, { position }) => Math.max(most, position), -1);
  const given = Array.isArray(written) ? written.map(String) : [];
  const ids = Array<number>(Math.max(positions, given.length)).fill(-1);
  for (const { kind, position, feature } of nodes) if (kind === 'token') ids[position] = feature;
  const prompt = metadata.get('prompt');
  return { tokens: { ids, texts: ids.map((id, i) => given[i] ?? String(id)) }, prompt: typeof prompt === 'string' ? prompt : given.join('') };
}
