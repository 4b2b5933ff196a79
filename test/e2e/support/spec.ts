/**
 * What a file of end-to-end tests exports: a workspace, and steps in it that build on one another. Each spec has a
 * server, a profile and a browser page of its own, so specs do not see one another. `specs.ts` lists them.
 */
import type { Workbench } from './workbench.ts';

export interface Step {
  readonly name: string;
  run(workbench: Workbench): Promise<void>;
}

export interface Spec {
  /** One word: what the filter on the command line is compared with. */
  readonly name: string;
  /** Files of the workspace by their path in it. */
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  /** The file that is open at the start. */
  readonly open: string;
  /** Settings of the user, beside those that keep the workbench quiet. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Made before the server starts, as variables of its environment: the address of a server of the spec's own, for instance. */
  readonly environment?: () => Promise<Readonly<Record<string, string>>>;
  /** `true`: Restricted Mode. */
  readonly restricted?: boolean;
  /** A program of `test/e2e/inHost` that runs in the extension host, by its name; `inHost` of the workbench has its result. */
  readonly inHost?: string;
  /** Hosts that a step asks for by a click on a link. */
  readonly links?: readonly string[];
  readonly steps: readonly Step[];
}
