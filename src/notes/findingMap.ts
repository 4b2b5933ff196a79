/**
 * The map of findings: semantic subjects on one side, algorithmic ones on the other, joined where a finding names both.
 * A line is as strong as the weakest evidence on it, and "unified" only when an intervention beats its null.
 */
import { grades } from './grade/rules.ts';
import type { Grade } from './grade/rules.ts';
import { isUnified, sameComponent } from './grade/unified.ts';
import type { FindingEntry } from './noteIndex.ts';
import { describeTarget, formatLink, parseSubject, sideOf } from './subjects.ts';

export interface MapSubject {
  readonly uri: string;
  readonly name: string;
  readonly side: 'semantic' | 'algorithmic';
  readonly findings: readonly FindingEntry[];
}

export interface MapLine {
  readonly semantic: string;
  readonly algorithmic: string;
  readonly findings: readonly FindingEntry[];
  /** Of the weakest finding on the line. */
  readonly grade: Grade;
  readonly unified: boolean;
}

export interface FindingMap {
  readonly semantic: readonly MapSubject[];
  readonly algorithmic: readonly MapSubject[];
  readonly lines: readonly MapLine[];
}

export function findingMap(entries: readonly FindingEntry[]): FindingMap {
  const subjects = new Map<string, MapSubject & { findings: FindingEntry[] }>();
  const lines = new Map<string, MapLine & { findings: FindingEntry[] }>();
  for (const entry of entries) {
    const own = [...new Set(entry.finding.subjects)].map((text) => {
      const subject = parseSubject(text);
      return { uri: formatLink(subject), name: describeTarget(subject), side: sideOf(subject) };
    });
    for (const subject of own) {
      const known = subjects.get(subject.uri);
      if (known === undefined) subjects.set(subject.uri, { ...subject, findings: [entry] });
      else known.findings.push(entry);
    }
    for (const semantic of own.filter(({ side }) => side === 'semantic')) {
      for (const algorithmic of own.filter(({ side }) => side === 'algorithmic')) {
        const key = `${semantic.uri} ${algorithmic.uri}`;
        const line = lines.get(key);
        const findings = [...(line?.findings ?? []), entry];
        lines.set(key, { semantic: semantic.uri, algorithmic: algorithmic.uri, findings, grade: weakest(findings), unified: (line?.unified ?? false) || (isUnified(entry.finding) && sameComponent(parseSubject(semantic.uri), parseSubject(algorithmic.uri))) });
      }
    }
  }
  const side = (wanted: MapSubject['side']): MapSubject[] => [...subjects.values()].filter((subject) => subject.side === wanted).toSorted((a, b) => b.findings.length - a.findings.length || (a.uri < b.uri ? -1 : 1));
  return { semantic: side('semantic'), algorithmic: side('algorithmic'), lines: [...lines.values()] };
}

function weakest(entries: readonly FindingEntry[]): Grade {
  return entries.map(({ grade }) => grade).reduce((a, b) => (grades.indexOf(b) < grades.indexOf(a) ? b : a));
}
