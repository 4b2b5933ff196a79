/** The page of the map of findings: everything from notes is escaped, styles are static, no script runs. Pure. */
import type { FindingMap, MapSubject } from '../../notes/findingMap.ts';
import { gradeNames } from '../../notes/grade/rules.ts';
import type { FindingEntry } from '../../notes/noteIndex.ts';
import { escapeHtml } from '../../notes/share/markdown.ts';
import type { Translate } from '../translate.ts';

const row = 30;
const width = 900;
const column = 330;
const mostSubjects = 200;

interface MapCommands {
  readonly openFinding: string;
  readonly openLink: string;
}

export function mapPage(map: FindingMap, t: Translate, commands: MapCommands): string {
  const left = map.semantic.slice(0, mostSubjects);
  const right = map.algorithmic.slice(0, mostSubjects);
  const height = Math.max(1, left.length, right.length) * row + 40;
  const at = new Map([...left, ...right].map(({ uri }, i) => [uri, 50 + (i < left.length ? i : i - left.length) * row]));
  const lines = map.lines.flatMap(({ semantic, algorithmic, grade, unified }) => {
    const [from, to] = [at.get(semantic), at.get(algorithmic)];
    if (from === undefined || to === undefined) return [];
    const says = `${unified ? t('unified') : t('not unified')} · ${gradeNames[grade]}`;
    return [`<path class="${unified ? 'unified' : 'loose'}" d="M${column} ${from} C ${column + 100} ${from}, ${width - column - 100} ${to}, ${width - column} ${to}"><title>${escapeHtml(says)}</title></path>`];
  });
  const node = (subject: MapSubject, x: number, anchor: string): string =>
    `<a href="${command(commands.openLink, subject.uri)}"><text x="${x}" y="${at.get(subject.uri)! + 4}" text-anchor="${anchor}">${escapeHtml(clipped(subject.name))} (${subject.findings.length})</text></a>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-${styleHash}'">
<title>${escapeHtml(t('Map of Findings'))}</title>
<style>${mapStyle}</style>
</head>
<body data-view="findings-map" data-ready="1">
<main>
<h1>${escapeHtml(t('Map of Findings'))}</h1>
${left.length + right.length === 0 ? `<p>${escapeHtml(t('No finding of this workspace names a subject yet.'))}</p>` : `
<svg viewBox="0 0 ${width} ${height}" role="group" aria-label="${escapeHtml(t('Semantic subjects left, algorithmic ones right'))}">
<text class="head" x="${column}" y="20" text-anchor="end">${escapeHtml(t('Semantic'))}</text>
<text class="head" x="${width - column}" y="20">${escapeHtml(t('Algorithmic'))}</text>
${lines.join('\n')}
${left.map((subject) => node(subject, column - 8, 'end')).join('\n')}
${right.map((subject) => node(subject, width - column + 8, 'start')).join('\n')}
</svg>
<table>
<caption>${escapeHtml(t('The same as a list'))}</caption>
<thead><tr><th scope="col">${escapeHtml(t('Subject'))}</th><th scope="col">${escapeHtml(t('Side'))}</th><th scope="col">${escapeHtml(t('Findings'))}</th></tr></thead>
<tbody>${[...left, ...right].map((subject) => `<tr><td>${escapeHtml(subject.name)}</td><td>${escapeHtml(subject.side === 'semantic' ? t('Semantic') : t('Algorithmic'))}</td><td>${subject.findings.map((entry) => findingLink(entry, commands)).join('<br>')}</td></tr>`).join('')}</tbody>
</table>`}
</main>
</body>
</html>
`;
}

function findingLink({ path, finding, grade }: FindingEntry, { openFinding }: MapCommands): string {
  return `<a href="${command(openFinding, { path })}">${escapeHtml(finding.title)}</a> (${escapeHtml(gradeNames[grade])})`;
}

function command(id: string, argument: unknown): string {
  return escapeHtml(`command:${id}?${encodeURIComponent(JSON.stringify([argument]))}`);
}

function clipped(name: string): string {
  return name.length <= 48 ? name : `${name.slice(0, 46)}…`;
}

export const mapStyle = 'body{color:var(--vscode-foreground);font-family:var(--vscode-font-family);padding:0 1.5rem}h1{font-size:1.4em;font-weight:400}svg{max-width:60rem;width:100%}text{fill:var(--vscode-foreground);font-size:12px}.head{font-weight:600;font-size:13px}a text{fill:var(--vscode-textLink-foreground)}path{fill:none;stroke-width:2}.unified{stroke:var(--vscode-charts-green)}.loose{stroke:var(--vscode-charts-yellow);stroke-dasharray:5 4}table{border-collapse:collapse;margin-top:1.5rem}caption{text-align:left;padding:.3em 0}th,td{border:1px solid var(--vscode-contrastBorder,var(--vscode-widget-border,#8888));padding:.3em .7em;text-align:left;vertical-align:top}a{color:var(--vscode-textLink-foreground)}a:focus-visible{outline:1px solid var(--vscode-focusBorder)}';
/** SHA-256 of the style, for the policy; a test holds the two together. */
export const styleHash = 'XfLGdsQ1Zu3sBOYUg9gmfemXP0P7oV8CqbVRXtbOM80=';
