/**
 * Subjects: what a claim is about, with one identity everywhere (design, section 4). Written as a URI whose parts are
 * percent-encoded, so that a hub id or a file name with a slash stays one part:
 *
 *     mechanist:feature/MODEL/DICTIONARY/INDEX    mechanist:edge/MODEL/SENDER/RECEIVER
 *     mechanist:component/MODEL/HOOK[/INDEX]      mechanist:circuit/MODEL/NAME
 *     mechanist:direction/MODEL/HOOK/NAME         mechanist:token/MODEL/ID
 *     mechanist:finding/ID[/EVIDENCE]
 */
import { MechanistError } from '../engine/errors.ts';
import { english } from './say.ts';
import type { Say } from './say.ts';

export type Subject =
  /** A latent of a dictionary, which is named as its folder, with the layer for one of a set: `blocks.2.hook_resid_post`, `transcoders.2`. */
  | { readonly kind: 'feature'; readonly model: string; readonly dictionary: string; readonly index: number }
  /** A hook point, or one head (of hooks with heads) or neuron of it. */
  | { readonly kind: 'component'; readonly model: string; readonly hook: string; readonly index?: number }
  /** Nodes under the names of EAP-IG: `a2.h3`, `a3.h1<q>`, `m0`, `input`, `logits`. */
  | { readonly kind: 'edge'; readonly model: string; readonly sender: string; readonly receiver: string }
  | { readonly kind: 'circuit'; readonly model: string; readonly name: string }
  | { readonly kind: 'direction'; readonly model: string; readonly hook: string; readonly name: string }
  | { readonly kind: 'token'; readonly model: string; readonly id: number };

/** A subject, or a finding (and one evidence record of it): whatever a link can point to. */
export type LinkTarget = Subject | { readonly kind: 'finding'; readonly id: string; readonly evidence?: string };

export const scheme = 'mechanist:';
const longest = 1000;

/** Errors: `parse` with what is wrong. */
export function parseLink(uri: string): LinkTarget {
  if (uri.length > longest) throw malformed(`${uri.slice(0, 40)}…`, `The link is longer than ${longest} characters.`);
  if (!uri.startsWith(scheme)) throw malformed(uri, `A link begins with "${scheme}".`);
  const [kind = '', ...parts] = uri.slice(scheme.length).split('/').map((part) => decode(uri, part));
  if (parts.some((part) => part === '')) throw malformed(uri, 'A part of the link is empty.');
  const [a, b, c] = parts as [string, string, string];
  const count = (least: number, most = least): void => {
    if (parts.length < least || parts.length > most) throw malformed(uri, `Expected ${shapes[kind as keyof typeof shapes]}.`);
  };
  switch (kind) {
    case 'feature': count(3); return { kind, model: a, dictionary: b, index: index(uri, c) };
    case 'component': count(2, 3); return { kind, model: a, hook: b, ...(c === undefined ? {} : { index: index(uri, c) }) };
    case 'edge': count(3); return { kind, model: a, sender: b, receiver: c };
    case 'circuit': count(2); return { kind, model: a, name: b };
    case 'direction': count(3); return { kind, model: a, hook: b, name: c };
    case 'token': count(2); return { kind, model: a, id: index(uri, b) };
    case 'finding': count(1, 2); return { kind, id: a, ...(b === undefined ? {} : { evidence: b }) };
    default: throw malformed(uri, `"${kind}" is not a kind of subject; there are ${Object.keys(shapes).join(', ')}.`);
  }
}

/** As `parseLink`, but undefined for what is no link. */
export function linkTarget(uri: string): LinkTarget | undefined {
  try {
    return parseLink(uri);
  } catch (error) {
    if (!MechanistError.is(error)) throw error;
    return undefined;
  }
}

/** As `parseLink`, but a finding is no subject. Errors: `parse`. */
export function parseSubject(uri: string): Subject {
  const target = parseLink(uri);
  if (target.kind === 'finding') throw malformed(uri, 'A finding is no subject; name it under "related".');
  return target;
}

/** The one spelling of a target: `parseLink(formatLink(t))` equals `t`. */
export function formatLink(target: LinkTarget): string {
  return `${scheme}${[target.kind, ...partsOf(target)].map(encode).join('/')}`;
}

/** For people: `feature 137 of blocks.2.hook_resid_post, fable-4l`. */
export function describeTarget(target: LinkTarget, say: Say = english): string {
  switch (target.kind) {
    case 'feature': return say('feature {0} of {1}, {2}', target.index, target.dictionary, target.model);
    case 'component': return `${target.hook}${target.index === undefined ? '' : `[${target.index}]`}, ${target.model}`;
    case 'edge': return say('edge {0} → {1}, {2}', target.sender, target.receiver, target.model);
    case 'circuit': return say('circuit {0}, {1}', target.name, target.model);
    case 'direction': return say('direction {0} of {1}, {2}', target.name, target.hook, target.model);
    case 'token': return say('token {0}, {1}', target.id, target.model);
    case 'finding': return target.evidence === undefined ? say('finding {0}', target.id) : say('finding {0}, evidence {1}', target.id, target.evidence);
  }
}

/** Whether a subject belongs to what is represented or to what is computed, for the two sides of the map. */
export function sideOf(subject: Subject): 'semantic' | 'algorithmic' {
  return ['feature', 'direction', 'token'].includes(subject.kind) ? 'semantic' : 'algorithmic';
}

const shapes = {
  feature: 'mechanist:feature/MODEL/DICTIONARY/INDEX', component: 'mechanist:component/MODEL/HOOK[/INDEX]', edge: 'mechanist:edge/MODEL/SENDER/RECEIVER',
  circuit: 'mechanist:circuit/MODEL/NAME', direction: 'mechanist:direction/MODEL/HOOK/NAME', token: 'mechanist:token/MODEL/ID',
  finding: 'mechanist:finding/ID[/EVIDENCE]',
} as const;

function partsOf(target: LinkTarget): string[] {
  switch (target.kind) {
    case 'feature': return [target.model, target.dictionary, String(target.index)];
    case 'component': return [target.model, target.hook, ...(target.index === undefined ? [] : [String(target.index)])];
    case 'edge': return [target.model, target.sender, target.receiver];
    case 'circuit': return [target.model, target.name];
    case 'direction': return [target.model, target.hook, target.name];
    case 'token': return [target.model, String(target.id)];
    case 'finding': return [target.id, ...(target.evidence === undefined ? [] : [target.evidence])];
  }
}

/** Leaves what is safe in Markdown, HTML attributes and shells; everything else is percent-encoded. */
function encode(part: string): string {
  return Array.from(part.toWellFormed(), (character) => (/[\w.~-]/.test(character) && character < '\x80' ? character : percent(character))).join('');
}

function percent(character: string): string {
  return Array.from(new TextEncoder().encode(character), (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
}

function decode(uri: string, part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (error) {
    throw malformed(uri, 'A percent sign is not followed by valid UTF-8 in hexadecimal.', error);
  }
}

function index(uri: string, part: string): number {
  const value = Number(part);
  if (!/^\d{1,15}$/.test(part) || String(value) !== part) throw malformed(uri, `"${part}" is not an index.`);
  return value;
}

function malformed(uri: string, statement: string, cause?: unknown): MechanistError {
  return new MechanistError('parse', statement, { field: uri, cause });
}
