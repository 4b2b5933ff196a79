/** What can be completed at a place of a prompt-pair line: a whole pair, a key, or an answer. Pure. */

export type PairPlace =
  /** Nothing is there yet. */
  | { readonly kind: 'line' }
  /** A key is about to be written; `missing` are those that the line does not have. `from`: where the key's quotation begins. */
  | { readonly kind: 'key'; readonly missing: readonly string[]; readonly from: number }
  /** The text of an answer or distractor, after this prompt. `from`: behind the opening quote. */
  | { readonly kind: 'answer'; readonly role: 'answers' | 'distractors'; readonly prompt: string; readonly from: number };

const keys = ['clean', 'corrupted', 'answers', 'distractors'] as const;

/** `column`: UTF-16 units before the cursor. Undefined where nothing is known. */
export function pairPlace(line: string, column: number): PairPlace | undefined {
  const before = line.slice(0, column);
  if (before.trim() === '' && line.trim() === '') return { kind: 'line' };
  const open = openString(before);
  const outside = open === undefined ? before : before.slice(0, open);
  const list = /"(answers?|distractors?)"\s*:\s*(?:\[[^\]]*)?$/.exec(outside)?.[1];
  if (open !== undefined && list !== undefined) {
    const prompt = stringAfter(line, 'clean');
    return prompt === undefined ? undefined : { kind: 'answer', role: list.startsWith('answer') ? 'answers' : 'distractors', prompt, from: open + 1 };
  }
  if (!/[{,]\s*$/.test(outside) || !/^\s*\{/.test(line) || openLists(outside)) return undefined;
  const missing = keys.filter((key) => !new RegExp(`"${key}"\\s*:`).test(line));
  return missing.length === 0 ? undefined : { kind: 'key', missing, from: open ?? column };
}

/** Where the string begins that is open at the end of a text; undefined outside strings. */
function openString(text: string): number | undefined {
  let start: number | undefined;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '\\' && start !== undefined) i++;
    else if (text[i] === '"') start = start === undefined ? i : undefined;
  }
  return start;
}

function openLists(text: string): boolean {
  const bare = text.replace(/"(?:[^"\\]|\\.)*"/g, '');
  return bare.split('[').length > bare.split(']').length;
}

/** The string that is the value of a key; undefined when there is none. */
function stringAfter(line: string, key: string): string | undefined {
  const found = new RegExp(`"${key}"\\s*:\\s*("(?:[^"\\\\]|\\\\.)*")`).exec(line)?.[1];
  if (found === undefined) return undefined;
  try {
    return JSON.parse(found) as string;
  } catch {
    // An escape that JSON does not know: the diagnostics say so.
    return undefined;
  }
}
