/** What the findings of the workspace say about a subject, for the panels. Knows no vscode. */
import type { Grade } from '../../notes/grade/rules.ts';
import type { NoteIndex } from '../../notes/noteIndex.ts';
import { formatLink, parseLink } from '../../notes/subjects.ts';
import type { FeatureGrade, FindingMention } from '../../protocol/views/panel.ts';
import type { Disposable } from '../disposables.ts';
import type { PanelFindings } from './panelHandlers.ts';

/** The notes as far as panels need them. */
export interface Notes {
  readonly index: NoteIndex;
  readonly onChange: (listener: () => void) => Disposable;
  ready(): Promise<void>;
}

export function panelFindings(notes: Notes): PanelFindings {
  return {
    onChange: (listener) => notes.onChange(listener),
    about: async (subject) => {
      await notes.ready();
      return mentions(notes.index, formatLink(parseLink(subject)));
    },
    grades: async (model, dictionary) => {
      await notes.ready();
      return featureGrades(notes.index, model, dictionary);
    },
  };
}

/** Strongest evidence first. */
export function mentions(index: NoteIndex, uri: string): FindingMention[] {
  const places = index.referencesTo(uri);
  return index.findingsAbout(uri)
    .map(({ path, finding, grade, state }) => {
      const place = places.find((one) => one.path === path);
      return {
        title: finding.title, kind: finding.kind, grade: rank(grade), state, file: path, start: place?.start ?? 0, end: place?.end ?? 0,
        circuits: finding.subjects.filter((subject) => subject.startsWith('mechanist:circuit/')),
      };
    })
    .toSorted((a, b) => b.grade - a.grade || (a.title < b.title ? -1 : 1));
}

/** The best grade of each feature of a dictionary that some finding is about. */
export function featureGrades(index: NoteIndex, model: string, dictionary: string): FeatureGrade[] {
  const grades: FeatureGrade[] = [];
  for (const uri of index.targets().keys()) {
    const target = parseLink(uri);
    if (target.kind !== 'feature' || target.model !== model || target.dictionary !== dictionary) continue;
    const best = Math.max(-1, ...index.findingsAbout(uri).map(({ grade }) => rank(grade)));
    if (best >= 0) grades.push({ feature: target.index, grade: best });
  }
  return grades;
}

/** As the view draws it, in four dots: nothing, observed, decodable, causal, established. */
function rank(grade: Grade): number {
  const ranks: Readonly<Record<Grade, number>> = { none: 0, observed: 1, decodable: 2, selective: 2, causal: 3, established: 4 };
  return ranks[grade];
}
