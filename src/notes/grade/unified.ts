/**
 * Whether a finding may call itself unified: what is represented and what is computed are said of the same component, and an
 * interchange intervention or an ablation of it passed (design, section 8). Both conditions are data with tests.
 */
import type { Finding } from '../format/schema.ts';
import { parseSubject, sideOf } from '../subjects.ts';
import type { Subject } from '../subjects.ts';
import { assess } from './grade.ts';

export type UnifiedLack = 'sides' | 'component' | 'test';

/** What is missing; undefined for a finding that is unified. */
export function unifiedLack(finding: Finding): UnifiedLack | undefined {
  const subjects = finding.subjects.map(parseSubject);
  const [semantic, algorithmic] = (['semantic', 'algorithmic'] as const).map((side) => subjects.filter((subject) => sideOf(subject) === side));
  if (semantic!.length === 0 || algorithmic!.length === 0) return 'sides';
  if (!semantic!.some((one) => algorithmic!.some((other) => sameComponent(one, other)))) return 'component';
  return assess(finding).facets.has('unifying') ? undefined : 'test';
}

export function isUnified(finding: Finding): boolean {
  return unifiedLack(finding) === undefined;
}

/** Whether both lie at one hook point of one model. A dictionary is named as its hook point; what follows it names a variant. */
export function sameComponent(one: Subject, other: Subject): boolean {
  const [a, b] = [placesOf(one), placesOf(other)];
  return one.model === other.model && a.some((place) => b.includes(place));
}

/** Hook points, with the two names of what an MLP writes as one. */
function placesOf(subject: Subject): string[] {
  switch (subject.kind) {
    case 'feature': return [placeOfDictionary(subject.dictionary)];
    case 'component': case 'direction': return [joined(subject.hook)];
    case 'edge': return [subject.sender, subject.receiver].map(placeOfNode);
    case 'circuit': case 'token': return [];
  }
}

function placeOfDictionary(dictionary: string): string {
  const layer = /^transcoders[./](\d+)$/.exec(dictionary)?.[1];
  if (layer !== undefined) return `blocks.${layer}.mlp`;
  const hook = /^blocks\.\d+\.(?:(?:attn|mlp)\.)?hook_\w+/.exec(dictionary)?.[0];
  return joined(hook ?? dictionary);
}

/** `a2.h3<q>`, `m0`: nodes of edges. */
function placeOfNode(node: string): string {
  const [, kind, layer] = /^([am])(\d+)/.exec(node) ?? [];
  if (layer === undefined) return node;
  return kind === 'a' ? `blocks.${layer}.attn.hook_z` : `blocks.${layer}.mlp`;
}

function joined(hook: string): string {
  return hook.replace(/^(blocks\.\d+)\.(?:hook_mlp_out|mlp\.hook_post)$/, '$1.mlp');
}
