/** A finding as one HTML file that needs nothing else: no script, no request, everything from the note escaped. */
import type { Evidence, Finding } from '../format/schema.ts';
import { assess } from '../grade/grade.ts';
import { gradeNames } from '../grade/rules.ts';
import { describeTarget, parseLink } from '../subjects.ts';
import { citation } from './citation.ts';
import { escapeHtml, renderMarkdown } from './markdown.ts';

export interface ShareOptions {
  /** Markdown below the front matter. */
  readonly body: string;
  /** `data:` URI of a picture beside the note; undefined when it is missing, too large, or no picture. */
  readonly picture: (path: string) => string | undefined;
}

export function findingHtml(finding: Finding, { body, picture }: ShareOptions): string {
  const { grade, reasons, raise, cautions } = assess(finding);
  const list = (items: readonly string[]): string => (items.length === 0 ? '' : `<ul>${items.map((item) => `<li>${escapeHtml(item)}</li>`).join('')}</ul>`);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(finding.title)}</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>${escapeHtml(finding.title)}</h1>
<p class="claim">${escapeHtml(finding.claim)}</p>
<p><span class="badge">${escapeHtml(gradeNames[grade])}</span> ${escapeHtml(finding.kind)} · ${escapeHtml(finding.status)}${finding.authors.length === 0 ? '' : ` · ${escapeHtml(finding.authors.join(', '))}`}</p>
${list(finding.subjects.map(described))}
<section><h2>Grade</h2>${list(reasons)}${raise.length === 0 ? '' : `<p>What would raise it:</p>${list(raise)}`}${cautions.length === 0 ? '' : `<p>Cautions:</p>${list(cautions)}`}</section>
${finding.assumptions.length === 0 ? '' : `<section><h2>Assumptions</h2>${list(finding.assumptions.map(({ text, checked }) => `${text} (${checked ? 'checked' : 'not checked'})`))}</section>`}
<section><h2>Evidence</h2>${finding.evidence.map(record).join('')}</section>
<article>${renderMarkdown(body, { picture, describe: described })}</article>
<section><h2>Cite</h2><pre>${escapeHtml(citation(finding))}</pre></section>
</main>
</body>
</html>
`;
}

function described(uri: string): string {
  return describeTarget(parseLink(uri));
}

function record(evidence: Evidence): string {
  const rows: [string, string][] = [
    ['method', evidence.method], [evidence.metric, quantity(evidence.value, evidence.interval, evidence.unit)],
    ...(evidence.control === undefined ? [['control', 'none']] as [string, string][] : [[`control: ${evidence.control.name}`, quantity(evidence.control.value, evidence.control.interval, evidence.unit)]] as [string, string][]),
    ...Object.entries(evidence.measures).map(([name, value]): [string, string] => [name, number(value)]),
    ['models', evidence.models.map(({ id, hash }) => `${id} (${hash.slice(0, 12)})`).join(', ')],
    ...(evidence.dictionaries.length === 0 ? [] : [['dictionaries', evidence.dictionaries.map(({ model, id, hash }) => `${model} ${id} (${hash.slice(0, 12)})`).join(', ')]] as [string, string][]),
    ['inputs', JSON.stringify(evidence.inputs)], ['parameters', JSON.stringify(evidence.parameters)], ['seed', String(evidence.seed)], ['date', evidence.date],
    ...evidence.history.map(({ date, state, value, reason }): [string, string] => [`re-run ${date}`, [state, value === undefined ? '' : number(value), reason ?? ''].filter((part) => part !== '').join(' · ')]),
  ];
  return `<table><caption>${escapeHtml(evidence.id)}</caption>${rows.map(([name, value]) => `<tr><th>${escapeHtml(name)}</th><td>${escapeHtml(value)}</td></tr>`).join('')}</table>`;
}

function quantity(value: number, interval: readonly [number, number] | undefined, unit: string | undefined): string {
  return `${number(value)}${interval === undefined ? '' : ` [${number(interval[0])}, ${number(interval[1])}]`}${unit === undefined ? '' : ` ${unit}`}`;
}

function number(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toPrecision(4);
}

const style = 'body{font:15px/1.5 system-ui,sans-serif;color:#222;background:#fff;margin:0}main{max-width:46rem;margin:2rem auto;padding:0 1rem}.claim{font-size:1.15em}.badge{background:#e7eef8;border:1px solid #335;border-radius:.7em;padding:0 .6em}table{border-collapse:collapse;margin:1em 0;width:100%}caption{text-align:left;font-weight:600}th,td{border:1px solid #bbb;padding:.2em .5em;text-align:left;vertical-align:top;overflow-wrap:anywhere}th{width:12rem}pre{background:#f4f4f4;padding:.8em;overflow:auto}img{max-width:100%}.subject{border-bottom:1px dotted}';
