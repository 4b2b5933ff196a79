/** What the zoo's main model is asked to reach. Data only, fixed before the models were trained. */

/** Least score of each behaviour. */
export const behaviorTargets: Readonly<Record<string, number>> = {
  induction20: 0.95,
  induction40: 0.95,
  ioi: 0.99,
  agreement: 0.99,
  bracket: 0.98,
  greaterThan: 0.95,
  docstring: 0.8,
};

/** Largest perplexity on stories, over that of the grammar. */
export const storyRatioTarget = 1.15;

/** Score from which a head counts as a previous-token head or an induction head. */
export const headScoreTarget = 0.5;

/** Largest file size of a model, bytes. */
export const modelSizeTarget = 6e6;
