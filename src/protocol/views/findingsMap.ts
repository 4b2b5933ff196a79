/** Messages between the extension host and the map of findings. The host sends the whole map whenever notes change. */
import * as v from 'valibot';

export interface MapFinding {
  /** URI of the note. */
  readonly path: string;
  readonly title: string;
  /** Name of its grade, for people. */
  readonly grade: string;
}

export interface MapSubject {
  readonly uri: string;
  readonly name: string;
  readonly findings: readonly MapFinding[];
}

export interface MapLine {
  /** Indices on either side. */
  readonly semantic: number;
  readonly algorithmic: number;
  readonly findings: readonly MapFinding[];
  readonly grade: string;
  readonly unified: boolean;
}

export interface MapOfFindings {
  readonly semantic: readonly MapSubject[];
  readonly algorithmic: readonly MapSubject[];
  readonly lines: readonly MapLine[];
  /** Subjects that are not shown, as there are too many. */
  readonly left: number;
}

export interface ToMap {
  readonly type: 'map';
  readonly map: MapOfFindings;
}

export const fromMapSchema = v.variant('type', [
  /** The page has drawn and listens. */
  v.object({ type: v.literal('ready') }),
  v.object({ type: v.literal('openFinding'), path: v.pipe(v.string(), v.maxLength(4096)) }),
  v.object({ type: v.literal('openSubject'), uri: v.pipe(v.string(), v.startsWith('mechanist:'), v.maxLength(1000)) }),
  v.object({ type: v.literal('problem'), message: v.pipe(v.string(), v.maxLength(2_000)) }),
]);
export type FromMap = v.InferOutput<typeof fromMapSchema>;
