/** What the rest of the extension sees of the engine process. Tests put their own in its place. */
import type { EngineCallOptions } from '../../protocol/engineClient.ts';
import type { MethodName, Params, Results } from '../../protocol/methods.ts';
import type { Disposable } from '../disposables.ts';

export type EngineCondition =
  /** Nothing has asked for it yet. */
  | { readonly kind: 'idle' }
  | { readonly kind: 'starting' }
  /** `silent`: it works, and has not answered for a while. */
  | { readonly kind: 'ready'; readonly busy: boolean; readonly silent?: boolean }
  | { readonly kind: 'failed'; readonly reason: string };

export interface EnginePort {
  readonly condition: EngineCondition;
  readonly onCondition: (listener: (condition: EngineCondition) => void) => Disposable;
  /** Starts the process where it does not run. Rejects with `PeerError`. */
  call<M extends MethodName>(method: M, params: Params<M>, options?: EngineCallOptions): Promise<Results[M]>;
  restart(): Promise<void>;
}
