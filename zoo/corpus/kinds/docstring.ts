/** Python functions whose docstring lists the parameters in the order of the argument list (Heimersheim & Janiak 2023). */

import { DocumentWriter } from '../document.ts';
import type { LabelledDocument } from '../document.ts';
import type { CorpusRandom } from '../random.ts';
import { drawInSplit, templatesOf } from '../split.ts';
import type { Split } from '../split.ts';

export const functionNames = 'load save find make send read write open close move sort count build test print check'.split(' ');
export const parameterNames = (
  'path size name text value data list line key map code mode color width depth limit level model image user file page ' +
  'node edge root leaf left right start end first last index state point shape type time date group item table field token order'
).split(' ');

const descriptions = [
  'the', 'a new', 'the old', 'a big', 'the first', 'a small', 'the last', 'the long', 'a good', 'the next',
].map((text) => text.split(' '));
const nouns = 'book key letter list map word number name page line box file table value part place'.split(' ');

/** One function. Held out by split: the first two parameters, and the wording of the descriptions. */
export function docstring(random: CorpusRandom, split: Split): LabelledDocument {
  const parameters = drawInSplit(
    random, split,
    (r) => r.sample(parameterNames, r.integer(3, 6)),
    ([first, second]) => ['docstring', first!, second!],
  );
  const writer = new DocumentWriter();
  const wordings = templatesOf(descriptions, split);
  const draw = (words: readonly string[], before: string, labels = {}): void => {
    const nats = Math.log(words.length);
    writer.emit(before + random.pick(words), labels, nats, nats);
  };
  const describe = (): void => {
    // Wordings begin alike ("the", "the old"), so the alternatives of a word are not those of one draw.
    writer.entropyKnown = false;
    const wording = random.pick(wordings);
    wording.forEach((word, i) => writer.emit(` ${word}`, {}, i === 0 ? Math.log(wordings.length) : 0));
    draw(nouns, ' ');
    writer.entropyKnown = true;
  };
  writer.emit('def');
  draw(functionNames, ' ', { identifierRole: 'function' });
  writer.emit('(');
  writer.emit('self');
  parameters.forEach((parameter, parameterIndex) => {
    writer.emit(',');
    const nats = Math.log(parameterNames.length - parameterIndex);
    writer.emit(` ${parameter}`, { parameterIndex, identifierRole: 'parameter' }, nats, nats);
    // Whether the list goes on: 3 to 6 parameters, equally often.
    if (parameterIndex >= 2) writer.owe(parameters.length === 6 && parameterIndex === 5 ? 0 : -Math.log(continues(parameterIndex, parameters.length)));
  });
  writer.emit(')');
  writer.emit(':');
  writer.set('indent', 1);
  writer.emit('\n   ');
  quotes(writer);
  writer.emit('The');
  draw(nouns, ' ');
  writer.emit('.');
  parameters.forEach((parameter, parameterIndex) => {
    writer.set('parameterIndex', parameterIndex);
    writer.emit('\n   ');
    writer.emit(' :');
    writer.emit('param');
    writer.emit(` ${parameter}`, { identifierRole: 'parameter' });
    writer.emit(':');
    describe();
  });
  writer.set('parameterIndex', undefined);
  writer.emit('\n   ');
  quotes(writer);
  return writer.finish('docstring');
}

function quotes(writer: DocumentWriter): void {
  for (const mark of [' "', '"', '"']) writer.emit(mark);
}

/** Probability of what follows parameter `index` in a list of `length`: another (hazard of the uniform length) or the end. */
function continues(index: number, length: number): number {
  const remaining = 6 - index;
  return index === length - 1 ? 1 / remaining : (remaining - 1) / remaining;
}
