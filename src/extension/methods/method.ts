/** What is told about a method: its card. The taxonomy is that of Davies & Khakzar 2024, with behavioural methods before it. */
export type Need = 'model' | 'dictionary' | 'pair' | 'labels' | 'corpus';

/** What running a method does; `undefined` for methods that are described but not built in. */
export type MethodRun =
  | { readonly kind: 'command'; readonly command: 'revealInspector' | 'paintSurprise' | 'paintFeature' | 'trainProbe' }
  /** Asks for a prompt and two answers (and, where the method needs a pair, a second prompt), then opens a tab of the algorithmic view. */
  | { readonly kind: 'question'; readonly tab: 'overview' | 'lens' | 'attention' | 'patching' | 'circuit' | 'graph' }
  /** Opens a part of the semantic view; without one, its table. */
  | { readonly kind: 'semantic'; readonly part?: 'train' }
  /** Asks for a feature, and opens its card where it can be clamped. */
  | { readonly kind: 'steer' };

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
  /** Where no view runs it: the command of `mechanist` that does. */
  readonly commandLine?: string;
}

export interface MethodGroup {
  readonly id: string;
  readonly name: string;
  /** Enclosing group; `undefined` for the four kinds. */
  readonly parent: string | undefined;
  readonly question: string;
}
