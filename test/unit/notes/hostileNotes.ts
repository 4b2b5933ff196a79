/** Generated notes as people, editors and attackers write them: valid findings in many styles, and texts that are none. */
import fc from 'fast-check';

const eol = fc.constantFrom('\n', '\r\n');
const hostileText = fc.constantFrom(
  '---', '---js', '...', '<script>alert(1)</script>', '<img src=x onerror=alert(1)>', '[x](command:workbench.action.quit)', '[y](javascript:alert(1))', '&a [*a,*a]', '*a', '!!js/function "x"',
  '{{constructor}}', '${process.exit()}', '__proto__', '👩‍🚀🇩🇪', 'ﷺ\u202Eevil', '\u0000', '\uFEFF', '\u2028', "it's: a #trap", '- a\n- b', 'a\tb', '%41', '| >-', '"quoted"', '`code`', '', ' ', 'ünïcødé', '\ud83d',
);
const words = fc.array(fc.oneof(hostileText, fc.string({ unit: 'grapheme', maxLength: 12 }), fc.constantFrom('the', 'model', 'uses', 'head')), { minLength: 1, maxLength: 5 })
  .map((parts) => parts.join(' ')).filter((text) => text.length > 0 && text.length < 200);

const comment = fc.constantFrom('', ' # a remark', '   # --- "x": [1');
const quote = (text: string): string => JSON.stringify(text).replaceAll(/[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
const single = (text: string): string => (/^[\x20-\x7e]+$/.test(text) ? `'${text.replaceAll("'", "''")}'` : quote(text));
const scalarStyle = fc.constantFrom(quote, single);

const record = fc.record({ value: fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }), seed: fc.nat(), metric: words, style: fc.constantFrom('block', 'flow'), history: fc.constantFrom('none', 'empty', 'null', 'one') });

export interface GeneratedNote {
  readonly text: string;
  readonly evidence: number;
}

/** Findings without problems. */
export const soundNotes: fc.Arbitrary<GeneratedNote> = fc.record({
  eol, words: fc.tuple(words, words, words), style: scalarStyle, comment, bom: fc.boolean(), records: fc.array(record, { maxLength: 4 }),
  emptyEvidence: fc.constantFrom('absent', 'flow', 'null', 'comment'), subjects: fc.constantFrom('absent', 'block', 'flow', 'outdented'), order: fc.boolean(), extra: words, blank: fc.boolean(),
  body: fc.array(fc.oneof(words, fc.constantFrom('```\nmechanist:token/m/1\n```', '[f](mechanist:feature/m/h/3)', '---', '# head')), { maxLength: 6 }), outdented: fc.boolean(), flowMap: fc.integer({ min: 0, max: 9 }),
}).map((g) => {
  const id = 'generated-note';
  const claim = g.words[1];
  if (g.flowMap === 0) {
    const json = { mechanist: 'finding/1', id, title: g.words[0], claim, kind: 'semantic', evidence: g.records.map((r, i) => recordJson(r, i)), own: g.extra };
    const lines = ['---', quoteAll(JSON.stringify(json, undefined, 1)), '---', ...g.body];
    return { text: (g.bom ? '\uFEFF' : '') + lines.join('\n').replaceAll(/\r?\n/g, g.eol), evidence: g.records.length };
  }
  const subjects = { absent: [], block: ['subjects:', '  - mechanist:feature/m/h/3 # why'], flow: ['subjects: [ mechanist:feature/m/h/3, ]'], outdented: ['subjects:', '- "mechanist:feature/m/h/3"', ''] }[g.subjects];
  const empty = { absent: [], flow: [`evidence: []${g.comment}`], null: ['evidence:'], comment: ['evidence: # none yet'] }[g.emptyEvidence];
  const evidence = g.records.length === 0 ? empty : ['evidence:', ...g.records.flatMap((r, i) => recordLines(r, i, g.outdented))];
  const own = [`own: ${g.style(g.extra)}`, 'block: |', '  first', '', '  ---', `"my key": {a: [1, {b: 2}]}${g.comment}`];
  const head = [`mechanist: finding/1${g.comment}`, `id: ${id}`, `title: ${g.style(g.words[0])}${g.comment}`, ...(g.blank ? ['', '# on its own'] : []), `claim: ${g.style(claim)}`, 'kind: semantic'];
  const parts = g.order ? [...head, ...subjects, ...own, ...evidence] : [...evidence, ...own, ...subjects, ...head];
  const lines = ['---', ...parts, ...(g.blank ? ['# the end'] : []), '---', ...g.body];
  return { text: (g.bom ? '\uFEFF' : '') + lines.join('\n').replaceAll(/\r?\n/g, g.eol), evidence: g.records.length };
});

/** Texts that are no sound finding, or no Markdown at all. */
export const brokenNotes: fc.Arbitrary<string> = fc.oneof(
  fc.array(fc.oneof(hostileText, fc.constantFrom('\n', '\r\n', '---\n', 'mechanist: finding/1\n', 'a: &a [1]\n', 'b: *a\n', 'evidence: ', '- ', '{', '[', ': ', '!!binary ', '<<: *a\n', '? ', '|\n', '>', '%YAML 1.1\n')), { maxLength: 40 }).map((parts) => parts.join('')),
  fc.tuple(fc.constantFrom('---\n', '---js\n', '---json\n', '--- \n', '----\n', '+++\n', ';;;\n'), fc.array(hostileText, { maxLength: 8 })).map(([open, parts]) => `${open}mechanist: finding/1\nid: x\n${parts.join('\n')}\n---\n`),
  fc.integer({ min: 1, max: 3000 }).map((n) => `---\nmechanist: finding/1\nx: ${'['.repeat(n)}\n---\n`),
  fc.integer({ min: 1, max: 3000 }).map((n) => `---\nmechanist: finding/1\nx: ${'{a: '.repeat(n)}\n---\n`),
  fc.integer({ min: 1, max: 400 }).map((n) => `---\nmechanist: finding/1\n${Array.from({ length: n }, (_, i) => `${' '.repeat(i)}k:`).join('\n')}\n---\n`),
  fc.integer({ min: 1, max: 12 }).map((n) => `---\nmechanist: finding/1\na0: &a0 [x]\n${Array.from({ length: n }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`).join(',')}]`).join('\n')}\n---\n`),
);

function recordLines({ value, seed, metric, style, history }: RecordShape, i: number, outdented: boolean): string[] {
  if (style === 'flow') return [`${outdented ? '-   ' : '  - '}${quoteAll(JSON.stringify(recordJson({ value, seed, metric, style, history }, i)))}`];
  const histories: Record<string, string[]> = { none: [], empty: ['history: []'], null: ['history:'], one: ['history:', `${outdented ? '' : '  '}- {date: 2026-01-01, state: confirmed}`] };
  const hist = histories[history]!;
  const lines = [`id: e${i + 1}`, 'method: feature.statistics@1', 'date: 2026-01-01 # when', 'models: [{id: m, hash: "0123456789abcdef"}]', `metric: ${quote(metric)}`, `value: ${value}`, ...hist, `seed: ${seed}`];
  return lines.map((text, n) => (n === 0 ? (outdented ? '-   ' : '  - ') : '    ') + text);
}

type RecordShape = { value: number; seed: number; metric: string; style: string; history: string };

function recordJson({ value, seed, metric, history }: RecordShape, i: number): Record<string, unknown> {
  return {
    id: `e${i + 1}`, method: 'feature.statistics@1', date: '2026-01-01', models: [{ id: 'm', hash: '0123456789abcdef' }], metric, value: Object.is(value, -0) ? 0 : value, seed,
    ...(history === 'one' ? { history: [{ date: '2026-01-01', state: 'drifted' }] } : history === 'empty' ? { history: [] } : {}),
  };
}

function quoteAll(json: string): string {
  return json.replaceAll(/[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
