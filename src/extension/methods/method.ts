/** What is told about a method: its card. The taxonomy is that of Davies & Khakzar 2024, with behavioural methods before it. */
export type Need = 'model' | 'dictionary' | 'pair' | 'labels' | 'corpus';

/** What running a method from the tree does; `undefined` for methods that the views do not run yet. */
export type MethodRun = 'inspect' | 'lens' | 'paintSurprise' | 'paintFeature';

export interface Method {
  readonly id: string;
  readonly name: string;
  /** Id of its group. */
  readonly group: string;
  readonly question: string;
  readonly assumptions: string;
  readonly strengths: string;
  readonly weaknesses: string;
  /** The control that its weakness demands before a claim rests on it. */
  readonly check: string;
  readonly papers: readonly string[];
  readonly needs: readonly Need[];
  readonly run?: MethodRun;
}

export interface MethodGroup {
  readonly id: string;
  readonly name: string;
  /** Enclosing group; `undefined` for the four kinds. */
  readonly parent: string | undefined;
  readonly question: string;
}
