/** The heads of decoder families: vocabulary logits, sequence classification, or none, told from `architectures`. */
import type { ConfigReader } from './configReader.ts';
import type { Head } from './head.ts';
import { linear, plain } from './weights.ts';
import type { WeightEntries } from './weights.ts';

export interface DecoderHead {
  readonly head: Head;
  readonly dOut: number;
  readonly weights: WeightEntries;
}

export interface DecoderHeadNames {
  /** Token embedding in the checkpoint, which a tied head shares. */
  readonly embedding: string;
  /** Separate vocabulary projection in the checkpoint. */
  readonly unembedding: string;
  /** Default of `tie_word_embeddings` in this family. */
  readonly tied: boolean;
  /** The vocabulary projection has a bias. */
  readonly bias?: boolean;
  readonly softcap?: number | undefined;
  readonly width: number;
  readonly vocabulary: number;
}

/** Errors: `unsupported` for a head that is none of the three. */
export function decoderHead(config: ConfigReader, names: DecoderHeadNames): DecoderHead {
  const architecture = config.strings('architectures')[0];
  const { width, vocabulary } = names;
  if (architecture !== undefined && architecture.endsWith('Model') && !/(LMHead|DoubleHeads)Model$/.test(architecture)) {
    return { head: { kind: 'none' }, dOut: width, weights: [] };
  }
  if (architecture?.endsWith('ForSequenceClassification') === true) {
    const classes = classCount(config);
    const padding = config.has('pad_token_id') ? config.integer('pad_token_id') : undefined;
    return { head: { kind: 'classify-last', padding }, dOut: classes, weights: [['classifier.W', linear('score.weight', width, classes)]] };
  }
  if (architecture !== undefined && !/(ForCausalLM|LMHeadModel|DoubleHeadsModel)$/.test(architecture)) {
    config.unsupported('architectures', `The head of ${architecture} is not supported.`);
  }
  const tied = config.flag('tie_word_embeddings', names.tied);
  const weights: [string, ReturnType<typeof linear>][] = [['unembed.W_U', linear(tied ? names.embedding : names.unembedding, width, vocabulary)]];
  if (names.bias === true) weights.push(['unembed.b_U', plain(names.unembedding.replace(/weight$/, 'bias'), vocabulary)]);
  return { head: names.softcap === undefined ? { kind: 'unembed' } : { kind: 'unembed', softcap: names.softcap }, dOut: vocabulary, weights };
}

/** How many classes a classifier tells apart. Hugging Face writes their names, and a count only when there are none. */
export function classCount(config: ConfigReader): number {
  if (!config.has('id2label')) return config.size('num_labels', 2);
  const labels = config.value('id2label');
  return labels instanceof Map && labels.size > 0 ? labels.size : config.fail('id2label', 'An object of class names is expected.');
}
