/**
 * Which part of a long text the model reads for an offset in it. Windows lie on a fixed grid, so that every offset of a
 * version belongs to exactly one; each begins some way before what it answers for, so that its tokens have context.
 * The first window begins with the text: a text that fits is read as a whole.
 */
import { safeOffset } from './textSource.ts';
import type { TextSource } from './textSource.ts';

export interface WindowPlan {
  /** Length of a window, characters. */
  readonly span: number;
  /** How much of it is context only. */
  readonly overlap: number;
}

export interface TextWindow {
  readonly index: number;
  /** What is sent. */
  readonly start: number;
  readonly end: number;
  /** The part it answers for. */
  readonly ownStart: number;
  readonly ownEnd: number;
}

/** Below this a window could not hold a sentence. */
const shortest = 64;

export const defaultPlan: WindowPlan = planOf(1_600);

/** How far the ends of what is sent may move, so as not to part a word. */
const farthestSnap = 40;

export function planOf(span: number): WindowPlan {
  const whole = Math.max(shortest, Math.floor(span));
  return { span: whole, overlap: Math.floor(whole / 3) };
}

/** A plan whose windows fit, given that of `sent` characters the model read only `read`. A tenth is left as reserve. */
export function shrunk(plan: WindowPlan, read: number): WindowPlan {
  return planOf(Math.min(plan.span - 1, Math.floor(read * 0.9)));
}

export function windowAt(source: TextSource, offset: number, plan: WindowPlan): TextWindow {
  const last = Math.max(0, source.length - 1);
  return windowOf(source, indexOf(Math.min(Math.max(offset, 0), last), plan), plan);
}

/** The window itself first, then those around it, nearest first and the following one before the preceding. */
export function windowsAround(source: TextSource, offset: number, plan: WindowPlan, reach: number): TextWindow[] {
  const centre = windowAt(source, offset, plan);
  const lastIndex = indexOf(Math.max(0, source.length - 1), plan);
  const windows = [centre];
  for (let step = 1; step <= reach; step++) {
    for (const index of [centre.index + step, centre.index - step]) {
      if (index >= 0 && index <= lastIndex) windows.push(windowOf(source, index, plan));
    }
  }
  return windows;
}

/** All windows that answer for a part of the range. */
export function windowsOver(source: TextSource, start: number, end: number, plan: WindowPlan): TextWindow[] {
  if (source.length === 0 || end <= start) return [];
  const [first, last] = [windowAt(source, start, plan).index, windowAt(source, end - 1, plan).index];
  return Array.from({ length: last - first + 1 }, (_, step) => windowOf(source, first + step, plan));
}

function indexOf(offset: number, { span, overlap }: WindowPlan): number {
  return offset < span ? 0 : 1 + Math.floor((offset - span) / (span - overlap));
}

function windowOf(source: TextSource, index: number, { span, overlap }: WindowPlan): TextWindow {
  const ownStart = index === 0 ? 0 : span + (index - 1) * (span - overlap);
  const ownEnd = Math.min(source.length, span + index * (span - overlap));
  const start = index === 0 ? 0 : beforeWord(source, ownStart - overlap);
  return { index, start, end: afterWord(source, ownEnd), ownStart, ownEnd };
}

/** The first place from `offset` on that lies before white space; `offset` itself where there is none near. */
function beforeWord(source: TextSource, offset: number): number {
  const near = source.slice(offset, offset + farthestSnap).search(/\s/);
  return safeOffset(source, near < 0 ? offset : offset + near);
}

/** The first place from `offset` on that white space follows; where there is none near, the first that parts no character. */
function afterWord(source: TextSource, offset: number): number {
  const near = source.slice(offset, offset + farthestSnap).search(/\s/);
  const end = near < 0 ? offset : offset + near;
  return safeOffset(source, end) === end ? end : end + 1;
}
