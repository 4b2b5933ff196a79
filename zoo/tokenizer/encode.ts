/** A fast encoder for `tokenizer.json`: pre-tokens are looked up first, unknown ones merged once and remembered. */

import { readFileSync } from 'node:fs';
import { spell, splitPattern, unspell } from './pattern.ts';
import { mergePair } from './train.ts';

export interface TokenizerFile {
  readonly model: { readonly vocab: Readonly<Record<string, number>>; readonly merges: readonly (readonly [string, string])[] };
  readonly added_tokens: readonly { readonly id: number; readonly content: string }[];
}

export class FableTokenizer {
  readonly size: number;
  readonly pad: number;
  readonly bos: number;
  readonly eos: number;
  /** Ids for random text: every token that is a word, a number or printable ASCII by itself. */
  readonly ordinary: readonly number[];
  private readonly ids: ReadonlyMap<string, number>;
  private readonly spellings: readonly string[];
  private readonly ranks: ReadonlyMap<string, number>;
  private readonly special: ReadonlyMap<string, number>;
  private readonly specialPattern: RegExp;
  private readonly pattern = new RegExp(splitPattern, 'gu');
  private readonly cache = new Map<string, readonly number[]>();

  constructor(file: TokenizerFile) {
    this.ids = new Map(Object.entries(file.model.vocab));
    this.size = this.ids.size;
    const spellings: string[] = [];
    for (const [spelling, id] of this.ids) spellings[id] = spelling;
    this.spellings = spellings;
    this.ranks = new Map(file.model.merges.map(([left, right], rank) => [`${left} ${right}`, rank]));
    this.special = new Map(file.added_tokens.map(({ id, content }) => [content, id]));
    this.specialPattern = new RegExp(`(${[...this.special.keys()].join('|')})`, 'u');
    this.pad = this.special.get('<pad>')!;
    this.bos = this.special.get('<bos>')!;
    this.eos = this.special.get('<eos>')!;
    this.ordinary = spellings.map((_, id) => id).filter((id) => this.isOrdinary(id));
  }

  /** Token ids of a text, without `<bos>`. */
  encode(text: string): number[] {
    const ids: number[] = [];
    for (const part of text.includes('<') ? text.split(this.specialPattern) : [text]) {
      const special = this.special.get(part);
      if (special === undefined) this.encodeOrdinary(part, (_, pieceIds) => ids.push(...pieceIds));
      else ids.push(special);
    }
    return ids;
  }

  /** Token ids of a text without special tokens, with the offset (UTF-16) of the pre-token of each. */
  encodeWithOffsets(text: string): { ids: number[]; offsets: number[] } {
    const ids: number[] = [];
    const offsets: number[] = [];
    this.encodeOrdinary(text, (start, pieceIds) => {
      for (const id of pieceIds) {
        ids.push(id);
        offsets.push(start);
      }
    });
    return { ids, offsets };
  }

  /** Text of token ids; special tokens are written as they are. */
  decode(ids: ArrayLike<number>): string {
    let text = '';
    let spelled = '';
    const flush = (): void => {
      text += decoder.decode(unspell(spelled));
      spelled = '';
    };
    for (const id of Array.from(ids)) {
      const token = this.spellings[id]!;
      if (this.special.get(token) === id) {
        flush();
        text += token;
      } else spelled += token;
    }
    flush();
    return text;
  }

  /** The id of a text that is exactly one token, or undefined. */
  single(text: string): number | undefined {
    return this.ids.get(spell(text));
  }

  private encodeOrdinary(text: string, visit: (start: number, ids: readonly number[]) => void): void {
    this.pattern.lastIndex = 0;
    for (let match = this.pattern.exec(text); match !== null; match = this.pattern.exec(text)) {
      const piece = match[0];
      let ids = this.cache.get(piece);
      if (ids === undefined) {
        ids = this.encodePiece(piece);
        // Bounded, because user text has no end of different words.
        if (this.cache.size < 65536) this.cache.set(piece, ids);
      }
      visit(match.index, ids);
    }
  }

  private encodePiece(piece: string): number[] {
    const spelled = spell(piece);
    const whole = this.ids.get(spelled);
    if (whole !== undefined) return [whole];
    let parts = [...spelled];
    for (;;) {
      let best = Infinity;
      let at = -1;
      for (let i = 1; i < parts.length; i++) {
        const rank = this.ranks.get(`${parts[i - 1]!} ${parts[i]!}`) ?? Infinity;
        if (rank < best) [best, at] = [rank, i];
      }
      if (at < 0) return parts.map((part) => this.ids.get(part)!);
      parts = mergePair(parts, parts[at - 1]!, parts[at]!);
    }
  }

  private isOrdinary(id: number): boolean {
    const spelling = this.spellings[id]!;
    if (this.special.get(spelling) === id) return false;
    const bytes = unspell(spelling);
    return bytes.length > 1 || (bytes[0]! >= 32 && bytes[0]! < 127);
  }
}

/** The zoo's tokenizer, or that of another folder. */
export function loadFableTokenizer(folder: URL = new URL('./', import.meta.url)): FableTokenizer {
  return new FableTokenizer(JSON.parse(readFileSync(new URL('tokenizer.json', folder), 'utf8')) as TokenizerFile);
}

const decoder = new TextDecoder();
