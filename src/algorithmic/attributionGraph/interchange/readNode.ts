/** One node of a graph file: its kind, place and numbers, checked. Formats reference §2 and §3. */
import { MechanistError } from '../../../engine/errors.ts';
import type { NodeKind } from '../graph.ts';
import { cantorUnpair } from './cantor.ts';

export interface FileNode {
  readonly id: string;
  readonly kind: NodeKind;
  /** As the file says it: several types are of one kind. */
  readonly type: string;
  readonly layer: number;
  readonly position: number;
  readonly feature: number;
  readonly activation: number;
  /** Cumulative influence share, NaN where the file does not say. */
  readonly cumulative: number;
  readonly probability: number;
  readonly label: string;
}

const kinds: ReadonlyMap<string, NodeKind> = new Map([
  ['cross layer transcoder', 'feature'], ['transcoder', 'feature'], ['lorsa', 'feature'],
  ['mlp reconstruction error', 'error'], ['lorsa error', 'error'], ['embedding', 'token'], ['logit', 'logit'],
]);

/** Types that circuit-tracer itself does not write. */
export const otherTypes: ReadonlySet<string> = new Set(['transcoder', 'lorsa', 'lorsa error']);

/** Far above any model; arrays are as long as these say. */
const mostPositions = 2 ** 20;
const mostLayers = 2 ** 12;

/** Errors: `parse` naming the field. */
export function readNode(value: unknown, field: string, file: string | undefined): FileNode {
  const fail = (name: string, statement: string): never => {
    throw new MechanistError('parse', statement, { file, field: `${field}.${name}` });
  };
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return fail('node', 'A node is an object.');
  const members = value as Record<string, unknown>;
  const text = (name: string): string => (typeof members[name] === 'string' ? members[name] : fail(name, 'A text is expected.'));
  const number = (name: string): number => {
    const found = members[name];
    if (found === undefined || found === null) return NaN;
    return typeof found === 'number' && Number.isFinite(found) ? found : fail(name, 'A finite number is expected.');
  };
  const whole = (name: string, found: number): number => (Number.isInteger(found) && Math.abs(found) < 2 ** 31 ? found : fail(name, 'A whole number is expected.'));

  const id = text('node_id');
  const type = text('feature_type');
  const kind = kinds.get(type) ?? fail('feature_type', `"${type.slice(0, 100)}" is not a kind of node that is known.`);
  const position = whole('ctx_idx', number('ctx_idx'));
  if (position < 0 || position >= mostPositions) fail('ctx_idx', `A position is from 0 to ${mostPositions - 1}.`);
  const layerText = members['layer'];
  const layer = kind === 'token' ? -1 : whole('layer', typeof layerText === 'number' ? layerText : /^\d{1,9}$/.test(String(layerText)) ? Number(layerText) : NaN);
  if (layer >= mostLayers) fail('layer', `A layer is below ${mostLayers}.`);
  const common = { id, kind, type, layer, position, cumulative: number('influence'), label: typeof members['clerp'] === 'string' ? members['clerp'] : '' };
  const [, second] = /^[^_]+_(\d{1,9})_/.exec(id) ?? [];
  switch (kind) {
    case 'feature': {
      const feature = second === undefined ? cantorUnpair(number('feature'))?.feature : Number(second);
      return { ...common, feature: whole('feature', feature ?? NaN), activation: number('activation'), probability: NaN };
    }
    case 'error': return { ...common, feature: -1, activation: NaN, probability: NaN };
    case 'token': return { ...common, feature: second === undefined ? position : Number(second), activation: NaN, probability: NaN };
    case 'logit': {
      const probability = number('token_prob');
      if (!(probability >= 0 && probability <= 1)) fail('token_prob', 'A probability is expected.');
      return { ...common, feature: whole('feature', second === undefined ? number('feature') : Number(second)), activation: NaN, probability };
    }
  }
}
