/** Whether a model predicts the next token. */
import { MechanistError } from '../errors.ts';
import type { Model } from './model.ts';

/** `what`: what is asked for, in the message. Errors: `unsupported` for a model that reads both ways or gives no logits at each position. */
export function requireCausal(model: Model, what: string): void {
  if (model.config?.causal === false || model.graph().types.get(model.output)?.shape?.length !== 3) {
    throw new MechanistError('unsupported', `The model does not predict the next token, so ${what} is not defined.`, { file: model.source });
  }
}
