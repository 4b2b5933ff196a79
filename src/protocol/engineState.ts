/** What a host can say about its engine process. */

export type EngineState =
  /** Not needed yet. */
  | { readonly kind: 'idle' }
  | { readonly kind: 'starting' }
  | { readonly kind: 'ready' }
  /** `calls`: requests that wait for an answer, described in `running`. `silent`: it has not said for a while that it is alive. */
  | { readonly kind: 'busy'; readonly calls: number; readonly silent: boolean; readonly running: readonly RunningCall[] }
  /** It ended on its own, or was ended because it hung. `restarting`: it is started again without being asked. */
  | {
    readonly kind: 'crashed';
    readonly running: readonly RunningCall[];
    readonly signal: string | null;
    readonly code: number | null;
    readonly hung: boolean;
    readonly restarting: boolean;
  }
  /** Shut down, or never came up; `reason` says which. */
  | { readonly kind: 'stopped'; readonly reason: string; readonly failed: boolean };

/** A request in work when the process ended. */
export interface RunningCall {
  readonly method: string;
  /** The file, folder or model that it was opening, if it was opening one. */
  readonly opening: string | undefined;
}
