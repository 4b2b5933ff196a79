/**
 * Messages between the extension host and the inspector view. The host sends complete snapshots, never changes to them;
 * what the view sends is validated with the schema here.
 */
import * as v from 'valibot';
import type { DictionarySummary, InspectedToken, LensReading } from '../methods.ts';

export type InspectorState =
  /** No text is open. */
  | { readonly kind: 'empty' }
  | { readonly kind: 'waiting'; readonly message: string }
  /** `remedy`: what the view offers. */
  | { readonly kind: 'failed'; readonly message: string; readonly remedy: 'restart' | 'openModel' }
  | {
      readonly kind: 'shown';
      /** Grows with each snapshot; what belongs to an earlier one is dropped. */
      readonly generation: number;
      readonly model: string;
      readonly dictionaries: readonly DictionarySummary[];
      readonly dictionary: string | undefined;
      readonly tokens: readonly InspectedToken[];
      /** Labels of the tokens' features, by feature. */
      readonly names: Readonly<Record<number, string>>;
      /** Index of the token under the cursor. */
      readonly selected: number;
    };

export type ToInspector =
  | { readonly type: 'state'; readonly state: InspectorState }
  | { readonly type: 'lens'; readonly generation: number; readonly token: number; readonly reading: LensReading }
  | { readonly type: 'lensFailed'; readonly generation: number; readonly token: number; readonly message: string };

const index = v.pipe(v.number(), v.integer(), v.minValue(0));

export const fromInspectorSchema = v.variant('type', [
  /** The view has drawn and listens. */
  v.object({ type: v.literal('ready') }),
  v.object({ type: v.literal('select'), generation: index, token: index }),
  /** Moves the editor's cursor to a token. */
  v.object({ type: v.literal('goTo'), generation: index, token: index }),
  v.object({ type: v.literal('useDictionary'), dictionary: v.pipe(v.string(), v.maxLength(500)) }),
  v.object({ type: v.literal('paint'), feature: index }),
  /** Puts a feature at a token into a finding. */
  v.object({ type: v.literal('pin'), generation: index, token: index, feature: index }),
  v.object({ type: v.literal('restart') }),
  v.object({ type: v.literal('openModel') }),
  /** An error or a violation of the content security policy, for the log. */
  v.object({ type: v.literal('problem'), message: v.pipe(v.string(), v.maxLength(2_000)) }),
]);
export type FromInspector = v.InferOutput<typeof fromInspectorSchema>;
