/**
 * Selecting hook points by glob patterns, with suggestions when nothing matches.
 * `*` stands for any run of characters (dots too, so `blocks.*` is everything inside the blocks), `?` for one.
 */
import { MechanistError } from '../errors.ts';

/**
 * The names that match at least one of the comma-separated patterns, in the order of `names`.
 * A pattern without `*` and `?` is an exact name.
 * Errors: `argument` when a pattern matches nothing; the hint names the nearest hook points.
 */
export function selectHooks(patterns: string, names: Iterable<string>): string[] {
  const all = [...names];
  const wanted = patterns.split(',').map((pattern) => pattern.trim()).filter((pattern) => pattern !== '');
  if (wanted.length === 0) throw new MechanistError('argument', 'No hook pattern was given.', { hint: "For example 'blocks.*.attn.hook_z'." });
  const selected = new Set<string>();
  for (const pattern of wanted) {
    const matches = all.filter((name) => matchesGlob(pattern, name));
    if (matches.length === 0) throw unknownHook(pattern, all);
    for (const name of matches) selected.add(name);
  }
  return all.filter((name) => selected.has(name));
}

/** The error for a name or pattern that the model does not have, with the nearest names as hint. */
export function unknownHook(name: string, names: Iterable<string>): MechanistError {
  const nearest = nearestNames(name, names, 3);
  return new MechanistError('argument', `The model has no hook point that matches "${name}".`, {
    hint: nearest.length === 0 ? undefined : `Did you mean ${nearest.join(' or ')}?`,
  });
}

/** Whether a whole name matches a pattern. Time is at most the product of the lengths. */
export function matchesGlob(pattern: string, name: string): boolean {
  let p = 0;
  let star = -1;
  let resume = 0;
  for (let n = 0; n < name.length; ) {
    if (p < pattern.length && pattern[p] === '*') {
      star = p++;
      resume = n;
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === name[n])) {
      p++;
      n++;
    } else if (star >= 0) {
      p = star + 1;
      n = ++resume;
    } else {
      return false;
    }
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}

/** The `count` names with the smallest edit distance to `name`, nearest first; names that share too little are left out. */
function nearestNames(name: string, names: Iterable<string>, count: number): string[] {
  return [...names]
    .map((candidate) => ({ candidate, distance: editDistance(name, candidate) }))
    .filter(({ candidate, distance }) => distance <= Math.max(name.length, candidate.length) / 2)
    .toSorted((a, b) => a.distance - b.distance)
    .slice(0, count)
    .map(({ candidate }) => candidate);
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(substitution, previous[j]! + 1, row[j - 1]! + 1));
    }
    previous = row;
  }
  return previous[b.length]!;
}
