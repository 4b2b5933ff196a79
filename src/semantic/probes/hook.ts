/** Hook points that can be probed: those with one vector per token. */
import { MechanistError } from '../../engine/errors.ts';
import { hookAxes } from '../../engine/models/hookAxes.ts';
import { unknownHook } from '../../engine/models/hookPattern.ts';
import type { HookPoint, Model } from '../../engine/models/model.ts';

/** Dimensions of a hook point that is probed. */
export const widestHook = 16_384;

/** Newton's method solves a system of this size: the smaller of dimensions and examples. */
const largestSystem = 1024;
/** Numbers that examples take, in double precision. */
const mostNumbers = 2 ** 26;

/** Errors: `memory` for more examples than can be fitted on at this width. */
export function requireFittable(examples: number, width: number): void {
  if (Math.min(examples, width) <= largestSystem && examples * width <= mostNumbers) return;
  throw new MechanistError('memory', `${examples} examples of ${width} dimensions are too many.`, { field: 'examples', hint: `Use at most ${Math.floor(Math.min(mostNumbers / width, width > largestSystem ? largestSystem : Infinity) / 2)} for each answer.` });
}

/** Length of the vector at each token, heads concatenated. Errors: `argument` for an unknown hook point or one without a vector per token; `unsupported` above `widestHook`. */
export function probedWidth(model: Model, hook: string): number {
  const points = model.hookPoints();
  const point = points.find(({ name }) => name === hook);
  if (point === undefined) throw unknownHook(hook, points.map(({ name }) => name));
  const width = widthOf(point);
  if (width === undefined) throw new MechanistError('argument', 'This hook point does not have one vector per token.', { field: `hook ${hook}`, hint: 'For example blocks.1.hook_resid_post.' });
  if (width > widestHook) throw new MechanistError('unsupported', `Hook points of at most ${widestHook} dimensions are probed; this hook point has ${width}.`, { field: `hook ${hook}` });
  return width;
}

/** Names of the hook points that can be probed, in order of computation. */
export function probedHooks(model: Model): string[] {
  return model.hookPoints().filter((point) => (widthOf(point) ?? Infinity) <= widestHook).map(({ name }) => name);
}

function widthOf({ name, type: { shape } }: HookPoint): number | undefined {
  if (shape === undefined || shape.length < 3) return undefined;
  const [batch, position] = hookAxes(name, shape);
  const rest = shape.slice(2);
  if (batch !== 'batch' || position !== 'pos' || !rest.every((dim) => typeof dim === 'number')) return undefined;
  const width = rest.reduce((product, dim) => product * dim, 1);
  return width > 1 ? width : undefined;
}
