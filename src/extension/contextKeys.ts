/** Context keys that `when` clauses in the manifest read. A test holds the two against each other. */
export const contextKeys = {
  /** A model is open. */
  modelOpen: 'mechanist.modelOpen',
  /** The engine process ended unexpectedly, or could not start. */
  engineFailed: 'mechanist.engineFailed',
  /** A view in front, or the last one, is about a feature, a head, a node. */
  subjectShown: 'mechanist.subjectShown',
  /** A text is painted. */
  painted: 'mechanist.painted',
} as const;

export type ContextKey = (typeof contextKeys)[keyof typeof contextKeys];
