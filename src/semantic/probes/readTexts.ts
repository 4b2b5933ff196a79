/**
 * Reads labelled texts (`.jsonl`, described in docs/probes.md): one JSON object per line with a `text` and either a
 * `label` for all of it or `spans` of characters. What is wrong is reported with file, line and field.
 */
import { MechanistError } from '../../engine/errors.ts';
import { isJsonMap, parseJson } from '../../engine/formats/json.ts';
import type { JsonMap, JsonValue } from '../../engine/formats/json.ts';

/** UTF-16 units, end exclusive. */
export interface LabelledSpan {
  readonly start: number;
  readonly end: number;
  readonly label: string;
}

export interface LabelledSample {
  readonly text: string;
  /** Of the whole text; undefined where spans are labelled. */
  readonly label: string | undefined;
  readonly spans: readonly LabelledSpan[];
}

/** Label of a span that names none. */
const spanLabel = 'yes';

export const textLimits = { bytes: 64 * 2 ** 20, lines: 100_000, line: 200_000, spans: 10_000, label: 100 } as const;

/** Errors: `parse` with line and field; `memory` above a limit. */
export function readLabelledTexts(content: string, file?: string): LabelledSample[] {
  if (content.length > textLimits.bytes) throw new MechanistError('memory', `The file has more than ${textLimits.bytes} characters.`, { file });
  const samples: LabelledSample[] = [];
  let first: { line: number; whole: boolean } | undefined;
  const lines = content.replace(/^\uFEFF/, '').split('\n');
  if (lines.length > textLimits.lines) throw new MechanistError('memory', `The file has more than ${textLimits.lines} lines.`, { file, hint: 'Split it.' });
  lines.forEach((raw, index) => {
    const line = index + 1;
    const trimmed = raw.replace(/\r$/, '');
    if (trimmed.trim() === '') return;
    const sample = sampleOf(trimmed, (statement, field) => new MechanistError('parse', statement, { file, field: `line ${line}${field === undefined ? '' : ` › ${field}`}`, hint: example }));
    const whole = sample.label !== undefined;
    first ??= { line, whole };
    if (first.whole !== whole) throw new MechanistError('parse', `The line has ${whole ? 'a label' : 'spans'}, but line ${first.line} has ${first.whole ? 'a label' : 'spans'}.`, { file, field: `line ${line}`, hint: 'Give all lines of a file the same form.' });
    samples.push(sample);
  });
  if (samples.length === 0) throw new MechanistError('parse', 'The file has no labelled texts.', { file, hint: example });
  return samples;
}

const example = 'A line looks like {"text": "…", "label": "…"} or {"text": "…", "spans": [[0, 4]]}.';

type Problem = (statement: string, field?: string) => MechanistError;

function sampleOf(line: string, problem: Problem): LabelledSample {
  if (line.length > textLimits.line) throw problem(`The line has ${line.length} characters; at most ${textLimits.line} are read.`);
  const json = jsonOf(line, problem);
  for (const key of json.keys()) if (!['text', 'label', 'spans'].includes(key)) throw problem('This key is not known.', key);
  const text = json.get('text');
  if (typeof text !== 'string' || text === '') throw problem('Expected a text that is not empty.', 'text');
  const [label, spans] = [json.get('label'), json.get('spans')];
  if ((label === undefined) === (spans === undefined)) throw problem('Expected either a label or spans.');
  if (label !== undefined) return { text, label: labelOf(label, problem, 'label'), spans: [] };
  if (!Array.isArray(spans)) throw problem('Expected a list.', 'spans');
  if (spans.length > textLimits.spans) throw problem(`At most ${textLimits.spans} spans are read.`, 'spans');
  return { text, label: undefined, spans: (spans as readonly JsonValue[]).map((span, i) => spanOf(span, text, problem, `spans[${i}]`)) };
}

function jsonOf(line: string, problem: Problem): JsonMap {
  let json: JsonValue;
  try {
    json = parseJson(line, { maxBytes: textLimits.line, maxDepth: 4 });
  } catch (error) {
    throw MechanistError.is(error) ? problem(error.statement) : error;
  }
  if (!isJsonMap(json)) throw problem('Every line must be a JSON object.');
  return json;
}

/** `[start, end]`, `[start, end, label]` or an object of these names. */
function spanOf(span: JsonValue, text: string, problem: Problem, field: string): LabelledSpan {
  const [start, end, label] = isJsonMap(span) ? [span.get('start'), span.get('end'), span.get('label')] : Array.isArray(span) && span.length <= 3 ? (span as JsonValue[]) : [];
  if (!Number.isInteger(start) || !Number.isInteger(end)) throw problem('Expected [start, end] in characters.', field);
  const [from, to] = [start as number, end as number];
  if (from < 0 || to <= from || to > text.length) throw problem(`The span ${from}–${to} is not inside the text, which has ${text.length} characters.`, field);
  return { start: from, end: to, label: label === undefined ? spanLabel : labelOf(label, problem, `${field}.label`) };
}

function labelOf(value: JsonValue, problem: Problem, field: string): string {
  const label = typeof value === 'boolean' || typeof value === 'number' ? String(value) : value;
  if (typeof label !== 'string' || label.trim() === '' || label.length > textLimits.label) throw problem(`Expected a label of 1 to ${textLimits.label} characters.`, field);
  return label;
}
