/** What limits a model where it does not reach a target: by model, then by behaviour. Shown in the model's README. */

export const remarks: Readonly<Record<string, Readonly<Record<string, string>>>> = {};
