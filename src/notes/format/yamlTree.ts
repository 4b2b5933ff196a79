/**
 * YAML as a tree of plain values with their places. The files are hostile until read: size, depth and number of nodes are
 * bounded before anything recursive touches them, aliases, anchors, tags, merge keys and further documents are refused, and
 * mappings are Maps, so that no key reaches a prototype.
 */
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, Parser } from 'yaml';
import type { Node } from 'yaml';

export type YamlTree = YamlScalar | YamlList | YamlMap;

interface Place {
  /** UTF-16 offsets in the note: of the value, and of the end of what belongs to it. */
  readonly start: number;
  readonly end: number;
}
export interface YamlScalar extends Place {
  readonly kind: 'scalar';
  readonly value: string | number | boolean | null;
}
export interface YamlList extends Place {
  readonly kind: 'list';
  readonly flow: boolean;
  readonly items: readonly YamlTree[];
}
export interface YamlMap extends Place {
  readonly kind: 'map';
  readonly flow: boolean;
  readonly entries: ReadonlyMap<string, YamlEntry>;
}
export interface YamlEntry {
  readonly key: Place;
  readonly value: YamlTree;
}

export interface YamlProblem {
  readonly message: string;
  readonly offset: number;
  readonly length: number;
}

const yamlLimits = { characters: 1_000_000, depth: 24, nodes: 60_000 } as const;

/** Reads `yaml`, which stands at `base` in the note. Exactly one of the two results is set. */
export function readYaml(yaml: string, base: number): { readonly tree: YamlTree } | { readonly problem: YamlProblem } {
  const problem = (message: string, offset = 0, length = 1): { problem: YamlProblem } => ({ problem: { message, offset: base + offset, length } });
  if (yaml.length > yamlLimits.characters) return problem(`The front matter is longer than ${yamlLimits.characters} characters.`);
  const depth = tooDeep(yaml);
  if (depth !== undefined) return problem(`The front matter is nested deeper than ${yamlLimits.depth} levels.`, depth);
  const document = parseDocument(yaml, { version: '1.2', schema: 'core', merge: false, uniqueKeys: true, strict: true, prettyErrors: false, lineCounter: new LineCounter() });
  const error = document.errors[0] ?? document.warnings[0];
  if (error !== undefined) return problem(firstSentence(error.message), error.pos[0], Math.max(1, error.pos[1] - error.pos[0]));
  const { contents } = document;
  if (contents === null) return { tree: { kind: 'map', flow: false, start: base, end: base, entries: new Map() } };
  try {
    return { tree: treeOf(contents, base, { left: yamlLimits.nodes }) };
  } catch (refusal) {
    if (refusal instanceof Refusal) return problem(refusal.message, refusal.offset);
    throw refusal;
  }
}

/** The value without places: Maps become objects without a prototype. A key without a value counts as absent. */
export function plain(tree: YamlTree): unknown {
  switch (tree.kind) {
    case 'scalar': return tree.value;
    case 'list': return tree.items.map(plain);
    case 'map': {
      const object = Object.create(null) as Record<string, unknown>;
      for (const [key, { value }] of tree.entries) if (value.kind !== 'scalar' || value.value !== null) object[key] = plain(value);
      return object;
    }
  }
}

/** The part of the tree under a path of keys and indices, or the innermost part on the way to it. */
export function nearest(tree: YamlTree, path: readonly (string | number)[]): YamlTree {
  let at = tree;
  for (const step of path) {
    const next: YamlTree | undefined = at.kind === 'map' ? at.entries.get(String(step))?.value : at.kind === 'list' ? at.items[Number(step)] : undefined;
    if (next === undefined) return at;
    at = next;
  }
  return at;
}

/** Not shown to anybody as it is: carries a refusal out of the recursion. */
class Refusal extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

function treeOf(node: Node, base: number, budget: { left: number }): YamlTree {
  const range = node.range ?? [0, 0, 0];
  const place = { start: base + range[0], end: base + range[1] };
  if (--budget.left < 0) throw new Refusal(`The front matter has more than ${yamlLimits.nodes} values.`, range[0]);
  if (isAlias(node)) throw new Refusal('Aliases are not allowed in front matter.', range[0]);
  if (node.anchor !== undefined) throw new Refusal('Anchors are not allowed in front matter.', range[0]);
  if (node.tag?.startsWith('tag:yaml.org,2002:') === false || (isScalar(node) && node.tag !== undefined)) throw new Refusal('Tags are not allowed in front matter.', range[0]);
  if (isScalar(node)) {
    const { value } = node;
    if (value === null || typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number') return { kind: 'scalar', value, ...place };
    throw new Refusal('This value is neither text, number nor boolean.', range[0]);
  }
  if (isSeq(node)) return { kind: 'list', flow: node.flow === true, items: node.items.map((item) => treeOf(item as Node, base, budget)), ...place };
  if (!isMap(node)) throw new Refusal('This value is of no known kind.', range[0]);
  const entries = new Map<string, YamlEntry>();
  for (const pair of node.items) {
    const key = pair.key as Node;
    if (!isScalar(key) || (typeof key.value !== 'string' && typeof key.value !== 'number')) throw new Refusal('Keys are plain words.', key.range?.[0] ?? range[0]);
    if (key.anchor !== undefined || key.tag !== undefined) throw new Refusal('Keys have neither anchors nor tags.', key.range?.[0] ?? range[0]);
    const keyRange = key.range ?? range;
    const value: YamlTree = pair.value === null ? { kind: 'scalar', value: null, start: base + keyRange[1], end: base + keyRange[1] } : treeOf(pair.value as Node, base, budget);
    entries.set(String(key.value), { key: { start: base + keyRange[0], end: base + keyRange[1] }, value });
  }
  return { kind: 'map', flow: node.flow === true, entries, ...place };
}

/** The offset at which the nesting exceeds the limit. The token parser keeps its own stack and cannot overflow. */
function tooDeep(yaml: string): number | undefined {
  // A block collection takes an indent of at least one column per level, save for "- - -" and "? ?", counted as flow is.
  let flow = 0;
  const opening = /[[\]{}]|(?:[-?:][ \t]+){8,}/g;
  for (let match = opening.exec(yaml); match !== null; match = opening.exec(yaml)) {
    if (match[0].length > 1) flow += 8;
    else flow += match[0] === '[' || match[0] === '{' ? 1 : flow > 0 ? -1 : 0;
    if (flow > yamlLimits.depth) break;
  }
  if (flow <= yamlLimits.depth && !/^ {24,}\S/m.test(yaml)) return undefined;
  return depthByTokens(yaml);
}

function depthByTokens(yaml: string): number | undefined {
  for (const token of new Parser().parse(yaml)) {
    const stack: { node: unknown; depth: number }[] = [{ node: token, depth: 0 }];
    for (let entry = stack.pop(); entry !== undefined; entry = stack.pop()) {
      const { node, depth } = entry;
      if (typeof node !== 'object' || node === null) continue;
      if (depth > yamlLimits.depth) return (node as { offset?: number }).offset ?? 0;
      const { items, value, key } = node as { items?: unknown[]; value?: unknown; key?: unknown };
      const inner = items === undefined ? depth : depth + 1;
      for (const child of [value, key, ...(items ?? [])]) if (typeof child === 'object') stack.push({ node: child, depth: inner });
    }
  }
  return undefined;
}

function firstSentence(message: string): string {
  const line = message.split('\n')[0]!.slice(0, 200);
  return /[.!?]$/.test(line) ? line : `${line}.`;
}
