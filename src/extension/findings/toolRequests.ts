/** What assistants may ask, checked here: VS Code passes inputs on that break the declared schema. Answers are bounded. */
import * as v from 'valibot';

const text = v.pipe(v.string(), v.minLength(1), v.maxLength(4000));
const id = v.pipe(v.string(), v.regex(/^[A-Za-z0-9][\w.-]{0,79}$/));
const count = (most: number) => v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(most)), 5);

export const toolSchemas = {
  get_top_features: v.strictObject({ text, count: count(20) }),
  trace_prompt: v.strictObject({ text, predictions: count(10) }),
  run_patching: v.strictObject({
    clean: text, corrupted: text, answer: v.pipe(v.string(), v.minLength(1), v.maxLength(100)), distractor: v.pipe(v.string(), v.minLength(1), v.maxLength(100)),
    hook: v.pipe(v.string(), v.regex(/^blocks\.\d{1,4}\.[\w.]{1,80}$/)), head: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(10_000))),
  }),
  open_finding: v.strictObject({ id }),
  verify_finding: v.strictObject({ id }),
} as const;

export type ToolName = keyof typeof toolSchemas;
export type ToolInput<N extends ToolName> = v.InferOutput<(typeof toolSchemas)[N]>;

/** Errors: valibot's, whose message names the field. */
export function toolInput<N extends ToolName>(name: N, input: unknown): ToolInput<N> {
  return v.parse(toolSchemas[name], input) as ToolInput<N>;
}

/** Characters of an answer. */
export const longestAnswer = 6000;

export function bounded(answer: string): string {
  return answer.length <= longestAnswer ? answer : `${answer.slice(0, longestAnswer - 30)}\n… the answer was cut here`;
}
