/** Subjects as pages name them, in the spelling of links in notes. The URI is the identity; the label is for people. */
import type { Subject } from '../../src/protocol/views/panel.ts';

/** A feature by the ids of its model and dictionary; `key` is that of the open dictionary. */
export function featureSubject(model: string, dictionary: string, feature: number, key: string | undefined, label?: string): Subject {
  return { kind: 'feature', subject: uri('feature', model, dictionary, feature), feature, ...(key === undefined ? {} : { dictionary: key }), ...(label === undefined ? {} : { label }) };
}

/** A component: a hook point, or one head or neuron of it. */
export function componentSubject(model: string, hook: string, part?: { readonly head: number } | { readonly neuron: number }): Subject {
  if (part === undefined) return { kind: 'layer', subject: uri('component', model, hook) };
  return 'head' in part ? { kind: 'head', subject: uri('component', model, hook, part.head) } : { kind: 'neuron', subject: uri('component', model, hook, part.neuron) };
}

export function edgeSubject(model: string, sender: string, receiver: string): Subject {
  return { kind: 'edge', subject: uri('edge', model, sender, receiver) };
}

export function circuitSubject(model: string, name: string): Subject {
  return { kind: 'circuit', subject: uri('circuit', model, name), label: name };
}

/** `#137`, `L2H5`, `blocks.2.hook_resid_post`, for a chip. */
export function subjectName({ subject, kind, feature }: Subject): string {
  const parts = subject.replace(/^mechanist:\w+\//, '').split('/').map(decodeURIComponent);
  const last = parts.at(-1) ?? subject;
  const layer = /^blocks\.(\d+)\./.exec(parts[1] ?? '')?.[1];
  switch (kind) {
    case 'feature': return `#${feature ?? last}`;
    case 'head': return layer === undefined ? last : `L${layer}H${last}`;
    case 'neuron': return layer === undefined ? last : `L${layer}N${last}`;
    case 'edge': return `${parts[1]} → ${parts[2]}`;
    case 'layer': case 'component': case 'circuit': case 'token': return last;
  }
}

function uri(kind: string, ...parts: (string | number)[]): string {
  return `mechanist:${[kind, ...parts.map((part) => encodeURIComponent(part).replace(/[!'()*]/g, percent))].join('/')}`;
}

const percent = (character: string): string => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
