/**
 * Reads prompt-pair files (`.jsonl`): one JSON object per line with `clean`, `corrupted`, `answers`, `distractors`.
 * Everything that is wrong is reported with its place, so that an editor can mark all of it at once; lines that are
 * wrong give no pair.
 */
import { MechanistError } from '../errors.ts';
import { isJsonMap, parseJson } from '../formats/json.ts';
import type { JsonMap, JsonValue } from '../formats/json.ts';
import { pairKeys, passedOver } from './pair.ts';
import type { PairDiagnostic, PromptPair, PromptText } from './pair.ts';

export interface PairFile {
  readonly pairs: readonly PromptPair[];
  readonly diagnostics: readonly PairDiagnostic[];
}

/** UTF-16 units of a line that are read, lines of a file, and diagnostics that are kept. */
const pairLimits = { line: 100_000, lines: 100_000, diagnostics: 1000 } as const;

/** Never throws for what the text says; see `requirePairs` for that. Errors: `memory` for more lines than are read. */
export function readPairs(text: string): PairFile {
  const pairs: PromptPair[] = [];
  const diagnostics: PairDiagnostic[] = [];
  let line = 0;
  for (const content of text.replace(/^\uFEFF/, '').split('\n')) {
    line++;
    if (line > pairLimits.lines) throw new MechanistError('memory', `The file has more than ${pairLimits.lines} lines.`, { hint: 'Split it.' });
    const trimmed = content.replace(/\r$/, '');
    if (trimmed.trim() === '') continue;
    const found = new LineReader(line, trimmed);
    const pair = found.read();
    if (pair !== undefined) pairs.push(pair);
    if (diagnostics.length < pairLimits.diagnostics) diagnostics.push(...found.diagnostics);
  }
  if (pairs.length === 0 && diagnostics.length === 0) {
    diagnostics.push({ severity: 'error', line: 1, column: 1, endColumn: 2, message: 'The file has no prompt pairs.', hint: example });
  }
  return { pairs, diagnostics };
}

/** The pairs of a file in which nothing is wrong. Errors: `parse` with the first error, its line and column. */
export function requirePairs(text: string, file?: string): readonly PromptPair[] {
  const { pairs, diagnostics } = readPairs(text);
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  const [first] = errors;
  if (first === undefined) return pairs;
  const others = errors.length === 1 ? '' : ` (and ${errors.length - 1} more)`;
  throw new MechanistError('parse', `${first.message}${others}`, { file, field: `line ${first.line}, column ${first.column}`, hint: first.hint });
}

const example = 'A line looks like {"clean": "…", "corrupted": "…", "answers": [" A"], "distractors": [" B"]}.';
const known: readonly string[] = [...Object.values(pairKeys).flat(), ...passedOver];

class LineReader {
  readonly diagnostics: PairDiagnostic[] = [];
  private readonly line: number;
  private readonly text: string;

  constructor(line: number, text: string) {
    this.line = line;
    this.text = text;
  }

  read(): PromptPair | undefined {
    const json = this.parse();
    if (json === undefined) return undefined;
    for (const key of json.keys()) if (!known.includes(key)) this.report('warning', `The key "${key}" is not known.`, `Known keys are ${Object.values(pairKeys).map(([name]) => name).join(', ')}.`, key);
    const clean = this.prompt(json, 'clean');
    const corrupted = this.prompt(json, 'corrupted');
    const answers = this.tokens(json, 'answers', true);
    const distractors = this.tokens(json, 'distractors', false);
    if (clean === undefined || corrupted === undefined || answers === undefined || distractors === undefined) return undefined;
    if (typeof clean !== typeof corrupted) {
      this.report('error', 'One prompt is a text and the other token ids.', 'Give both in the same form.', pairKeys.corrupted.find((key) => json.has(key)));
      return undefined;
    }
    return { line: this.line, clean, corrupted, answers, distractors };
  }

  private parse(): JsonMap | undefined {
    if (this.text.length > pairLimits.line) {
      this.report('error', `The line has ${this.text.length} characters; at most ${pairLimits.line} are read.`);
      return undefined;
    }
    try {
      const json = parseJson(this.text, { maxBytes: pairLimits.line, maxDepth: 4 });
      if (isJsonMap(json)) return json;
      this.report('error', 'Every line must be a JSON object.', example);
    } catch (error) {
      if (!MechanistError.is(error)) throw error;
      const at = /offset (\d+) of the JSON text/.exec(error.message)?.[1];
      const column = at === undefined ? 1 : Math.min(Number(at), this.text.length) + 1;
      this.diagnostics.push({ severity: 'error', line: this.line, column, endColumn: column + 1, message: error.statement, hint: example });
    }
    return undefined;
  }

  private prompt(json: JsonMap, role: 'clean' | 'corrupted'): PromptText | undefined {
    const key = this.key(json, role);
    if (key === undefined) {
      this.report('error', `The key "${role}" is missing.`, example);
      return undefined;
    }
    const value = json.get(key)!;
    if (typeof value === 'string' && value !== '') return value;
    if (Array.isArray(value) && value.length > 0 && value.every(isTokenId)) return value;
    this.report('error', value === '' ? 'The prompt is empty.' : 'A prompt is a text or a list of token ids.', undefined, key);
    return undefined;
  }

  private tokens(json: JsonMap, role: 'answers' | 'distractors', required: boolean): (string | number)[] | undefined {
    const key = this.key(json, role);
    if (key === undefined) {
      if (!required) return [];
      this.report('error', `The key "${role}" is missing.`, example);
      return undefined;
    }
    const value = json.get(key)!;
    const list: readonly JsonValue[] = Array.isArray(value) ? value : [value];
    const valid = list.every((item) => (typeof item === 'string' && item !== '') || isTokenId(item));
    if (valid && (list.length > 0 || !required)) return [...list] as (string | number)[];
    this.report('error', list.length === 0 ? 'There is no answer.' : 'Answers are texts of one token each, or token ids.', undefined, key);
    return undefined;
  }

  /** The key that plays a role on this line; two for one role are an error. */
  private key(json: JsonMap, role: keyof typeof pairKeys): string | undefined {
    const present = pairKeys[role].filter((key) => json.has(key));
    if (present.length > 1) this.report('warning', `"${present.join('" and "')}" say the same; the first is read.`, undefined, present[1]);
    return present[0];
  }

  private report(severity: PairDiagnostic['severity'], message: string, hint?: string, key?: string): void {
    const at = key === undefined ? -1 : this.text.indexOf(JSON.stringify(key));
    const [column, endColumn] = at < 0 ? [1, this.text.length + 1] : [at + 1, at + 1 + JSON.stringify(key).length];
    this.diagnostics.push({ severity, line: this.line, column, endColumn, message, hint });
  }
}

function isTokenId(value: JsonValue): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
