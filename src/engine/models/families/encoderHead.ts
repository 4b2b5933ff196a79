/** The heads of encoder families: masked tokens, sequence classification, or none, told from `architectures`. */
import type { Activation } from './activation.ts';
import type { ConfigReader } from './configReader.ts';
import { classCount } from './decoderHead.ts';
import type { Head } from './head.ts';
import { dense, linear, norm, plain } from './weights.ts';
import type { WeightEntries } from './weights.ts';

export interface EncoderHead {
  readonly head: Head;
  readonly dOut: number;
  readonly weights: WeightEntries;
}

export interface EncoderHeadNames {
  readonly embedding: string;
  /** Dense layer, norm and vocabulary projection of the masked-token head; its bias. */
  readonly transform: string;
  readonly transformNorm: string;
  readonly unembedding: string;
  readonly unembeddingBias: string;
  readonly activation: Activation;
  readonly normEps: number;
  /** Dense layer between the first position and the classifier, and its activation. */
  readonly pooler: string;
  readonly poolerActivation: Activation;
  readonly width: number;
  readonly vocabulary: number;
}

/** Errors: `unsupported` for a head that is none of the three. */
export function encoderHead(config: ConfigReader, names: EncoderHeadNames): EncoderHead {
  const architecture = config.strings('architectures')[0] ?? 'ForMaskedLM';
  const { width, vocabulary } = names;
  if (architecture.endsWith('Model')) return { head: { kind: 'none' }, dOut: width, weights: [] };
  if (architecture.endsWith('ForSequenceClassification')) {
    const classes = classCount(config);
    return {
      head: { kind: 'classify-first', activation: names.poolerActivation },
      dOut: classes,
      weights: [...dense('pooler.W', 'pooler.b', names.pooler, width, width), ...dense('classifier.W', 'classifier.b', 'classifier', width, classes)],
    };
  }
  if (!/(ForMaskedLM|ForPreTraining)$/.test(architecture)) config.unsupported('architectures', `The head of ${architecture} is not supported.`);
  const tied = config.flag('tie_word_embeddings', true);
  return {
    head: { kind: 'masked', activation: names.activation, normEps: names.normEps },
    dOut: vocabulary,
    weights: [
      ...dense('mlm_head.W', 'mlm_head.b', names.transform, width, width),
      ...norm('mlm_head.ln', names.transformNorm, width),
      ['unembed.W_U', linear(tied ? names.embedding : names.unembedding, width, vocabulary)],
      ['unembed.b_U', plain(names.unembeddingBias, vocabulary)],
    ],
  };
}
