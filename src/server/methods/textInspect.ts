/** `text.inspect`: tokens of a text with surprise, predictions and strongest features. */
import { withDictionaries } from '../../engine/dictionaries/dictionary.ts';
import { i64, numbersOf } from '../../engine/tensor.ts';
import type { FeatureActivation, InspectedToken, ParsedParams, Prediction, TextInspection } from '../../protocol/methods.ts';
import type { Job } from '../scheduler.ts';
import type { OpenModel, Session } from '../session.ts';
import { inspectionGraph, outputs, targetsInput } from '../text/graphs.ts';
import { nextTokens, predictionsOf, rowOf, tokenText } from '../text/predictions.ts';
import { readText } from '../text/read.ts';
import type { WindowResult } from '../text/read.ts';
import type { TokenizedText } from '../text/tokens.ts';

/** Errors: `not-found` for a model or dictionary that is not open, `unsupported` for a model that cannot read text. */
export async function* textInspect(session: Session, params: ParsedParams<'text.inspect'>): Job<TextInspection> {
  const open = session.model(params.model);
  const dictionary = params.dictionary === undefined ? open.defaultDictionary : open.dictionary(params.dictionary);
  const text = open.tokens(params.text);
  const count = Math.min(text.ids.length, mostTokens);
  const key = `inspect ${params.topPredictions} ${dictionary?.summary.dictionary} ${params.topFeatures}`;
  const graph = open.graph(key, () => inspectionGraph(open.model, {
    predictions: params.topPredictions,
    features: dictionary && { dictionary, count: params.topFeatures },
  }));
  const tokens: InspectedToken[] = [];
  const reading = {
    graph, count,
    parameters: withDictionaries(open.model.parameters, dictionary === undefined ? [] : [dictionary.weights]),
    feeds: (ids: readonly number[]) => (graph.inputs.has(targetsInput) ? [[targetsInput, i64([1, ids.length], nextTokens(ids))] as const] : []),
  };
  yield* readText(open, text, reading, (result) => tokens.push(...inspectWindow(open, text, result)));
  return { tokens, dictionary: dictionary?.summary, leftOut: text.ids.length - count };
}

/** Bounds the size of an answer. */
const mostTokens = 8192;

function* inspectWindow(open: OpenModel, text: TokenizedText, { window, values, position }: WindowResult): Generator<InspectedToken> {
  const target = values.get(outputs.target);
  const [topIds, topLogProbabilities] = [values.get(outputs.topIds), values.get(outputs.topLogProbabilities)];
  const [features, activations] = [values.get(outputs.features), values.get(outputs.activations)];
  const predictions = (at: number): Prediction[] => (
    topIds === undefined || at < 0 ? [] : predictionsOf(open.tokenizer, rowOf(topIds, at), rowOf(topLogProbabilities!, at))
  );
  const surprise = (at: number): number | undefined => (target === undefined || at < 0 ? undefined : -numbersOf(target)[at]! / Math.LN2);
  let expected = predictions(position(window.keep) - 1);
  for (let token = window.keep; token < window.to; token++) {
    const at = position(token);
    const next = predictions(at);
    const [start, end] = text.offsets[token]!;
    yield {
      text: tokenText(open.tokenizer, text.ids[token]!), id: text.ids[token]!, start, end, surprise: surprise(at - 1), expected, next,
      features: features === undefined ? [] : activeFeatures(rowOf(features, at), rowOf(activations!, at)),
    };
    expected = next;
  }
}

function activeFeatures(features: readonly number[], activations: readonly number[]): FeatureActivation[] {
  return features.map((feature, i) => ({ feature, activation: activations[i]! })).filter(({ activation }) => activation > 0);
}
