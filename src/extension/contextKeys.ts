/** Context keys that `when` clauses in the manifest read. A test holds the two against each other. */
export const contextKeys = {
  /** A model is open. */
  modelOpen: 'mechanist.modelOpen',
  /** The engine process ended unexpectedly, or could not start. */
  engineFailed: 'mechanist.engineFailed',
  /** A request is being worked on. */
  busy: 'mechanist.busy',
  /** The model in use has a dictionary. */
  dictionaryOpen: 'mechanist.dictionaryOpen',
  /** A text is painted. */
  painted: 'mechanist.painted',
} as const;

export type ContextKey = (typeof contextKeys)[keyof typeof contextKeys];
