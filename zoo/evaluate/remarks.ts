/** What limits a model where it does not reach a target: by model, then by behaviour. Shown in the model's README. */

export const remarks: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'fable-4l-b': {
    greaterThan: 'the boundary is soft. The mass on valid years is 92 % on `train`, 91 % on `validation` (start years never seen, same templates; n = 1,000 each) and 90 % on `test` (held-out templates as well, n = 2,000), so that wording costs little; what is missing lies on years up to the start.',
  },
};
