/** `text.paint`: one number per token of a whole text. */
import { withDictionaries } from '../../engine/dictionaries/dictionary.ts';
import { MechanistError } from '../../engine/errors.ts';
import { i64, numbersOf } from '../../engine/tensor.ts';
import type { ParsedParams, TokenValues } from '../../protocol/methods.ts';
import { probedWidth } from '../../semantic/probes/hook.ts';
import { readProbe, requireModel } from '../../semantic/probes/probeFile.ts';
import { probabilityOutput, probeFeeds, probeGraph } from '../../semantic/probes/probeGraph.ts';
import { checkedPath } from '../paths.ts';
import type { Job } from '../scheduler.ts';
import type { OpenModel, Session } from '../session.ts';
import { featureGraph, featureInput, outputs, surpriseGraph, targetsInput } from '../text/graphs.ts';
import { nextTokens } from '../text/predictions.ts';
import { readText } from '../text/read.ts';
import type { Reading } from '../text/read.ts';

/** Errors: `not-found` for a model or dictionary that is not open, `argument` for a feature it does not have or a probe of another model, `unsupported`; those of `readProbe`. */
export async function* textPaint(session: Session, params: ParsedParams<'text.paint'>): Job<TokenValues> {
  const open = session.model(params.model);
  const text = open.tokens(params.text);
  const count = text.ids.length;
  const { reading, output, shift, value, unit } = await brushOf(open, params.by);
  const values = new Float32Array(count).fill(NaN);
  yield* readText(open, text, { ...reading, count }, (result) => {
    const numbers = numbersOf(result.values.get(output)!);
    for (let token = result.window.keep; token < result.window.to; token++) {
      const at = result.position(token) - shift;
      if (at >= 0) values[token] = value(numbers[at]!);
    }
  });
  return { starts: Uint32Array.from(text.offsets, ([start]) => start), ends: Uint32Array.from(text.offsets, ([, end]) => end), values, unit };
}

interface Brush {
  readonly reading: Omit<Reading, 'count'>;
  readonly output: string;
  /** How many positions before the token its number stands. */
  readonly shift: number;
  readonly value: (result: number) => number;
  readonly unit: string;
}

async function brushOf(open: OpenModel, by: ParsedParams<'text.paint'>['by']): Promise<Brush> {
  if (by.kind === 'surprise') {
    return {
      reading: {
        graph: open.graph('surprise', () => surpriseGraph(open.model)),
        parameters: open.model.parameters,
        feeds: (ids) => [[targetsInput, i64([1, ids.length], nextTokens(ids))]],
      },
      output: outputs.target, shift: 1, value: (logProbability) => -logProbability / Math.LN2, unit: 'bits',
    };
  }
  if (by.kind === 'probe') return probeBrush(open, await checkedPath(by.file, 'file'));
  const dictionary = open.dictionary(by.dictionary);
  const { latents } = dictionary.summary;
  if (by.feature >= latents) throw new MechanistError('argument', `The dictionary has features 0 to ${latents - 1}.`, { field: `feature ${by.feature}` });
  return {
    reading: {
      graph: open.graph(`feature ${by.dictionary}`, () => featureGraph(open.model, dictionary)),
      parameters: withDictionaries(open.model.parameters, [dictionary.weights]),
      feeds: () => [[featureInput, i64([1], [by.feature])]],
    },
    output: outputs.feature, shift: 0, value: (activation) => activation, unit: 'activation',
  };
}

function probeBrush(open: OpenModel, file: string): Brush {
  const probe = readProbe(file);
  const { id } = open.model;
  requireModel(probe, { id, hash: open.summary().hash }, file);
  const graph = open.graph(`probe ${probe.hook}`, () => probeGraph(open.model, probe.hook));
  const width = probedWidth(open.model, probe.hook);
  if (width !== probe.weights.length) throw new MechanistError('parse', `The hook point has ${width} dimensions, the probe ${probe.weights.length}.`, { file, field: 'tensor weight' });
  const fed = probeFeeds(probe);
  return { reading: { graph, parameters: open.model.parameters, feeds: () => fed }, output: probabilityOutput, shift: 0, value: (probability) => probability, unit: 'probability' };
}
