/** The map of findings as its page gets it: plain data of a bounded size. Pure. */
import type { FindingMap } from '../../notes/findingMap.ts';
import { gradeNames } from '../../notes/grade/rules.ts';
import type { FindingEntry } from '../../notes/noteIndex.ts';
import { describeTarget, parseSubject } from '../../notes/subjects.ts';
import type { Translate } from '../translate.ts';
import type { MapFinding, MapOfFindings, MapSubject } from '../../protocol/views/findingsMap.ts';

/** On either side. */
export const mostSubjects = 200;
const mostFindings = 50;
const mostLines = 2000;

export function shownMap(map: FindingMap, t: Translate): MapOfFindings {
  const side = (subjects: FindingMap['semantic']): MapSubject[] => subjects.slice(0, mostSubjects).map(({ uri, findings }) => ({ uri, name: describeTarget(parseSubject(uri), t), findings: findings.slice(0, mostFindings).map((entry) => shownFinding(entry, t)) }));
  const [semantic, algorithmic] = [side(map.semantic), side(map.algorithmic)];
  const places = new Map([...semantic, ...algorithmic].map(({ uri }, at) => [uri, at < semantic.length ? at : at - semantic.length]));
  return {
    semantic, algorithmic, left: Math.max(0, map.semantic.length - mostSubjects) + Math.max(0, map.algorithmic.length - mostSubjects),
    lines: map.lines.slice(0, mostLines).flatMap((line) => {
      const [from, to] = [places.get(line.semantic), places.get(line.algorithmic)];
      return from === undefined || to === undefined ? [] : [{ semantic: from, algorithmic: to, findings: line.findings.slice(0, mostFindings).map((entry) => shownFinding(entry, t)), grade: t(gradeNames[line.grade]), unified: line.unified }];
    }),
  };
}

function shownFinding({ path, finding, grade }: FindingEntry, t: Translate): MapFinding {
  return { path, title: finding.title, grade: t(gradeNames[grade]) };
}
