/** What the algorithmic view can be asked from outside: a command's argument, a CodeLens, a link. */
import * as v from 'valibot';

const prompt = v.pipe(v.string(), v.minLength(1), v.maxLength(200_000));
const answer = v.pipe(v.string(), v.minLength(1), v.maxLength(1000));

/** Prompts and answers as texts; answers with their leading space. `file`: the prompt-pair file that the question is a line of. */
export const askedQuestionSchema = v.object({
  clean: prompt, corrupted: v.optional(prompt), answer: v.optional(answer), distractor: v.optional(answer), file: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(4096))),
});
export type AskedQuestion = v.InferOutput<typeof askedQuestionSchema>;
