/** Finding one's way in a stack of layers. */
import type { LayerStack, ModuleLayout } from './moduleLayouts.ts';
import type { ScopedGraph } from './scopedGraph.ts';

/** One layer on its way to names. */
export interface Layer {
  readonly g: ScopedGraph;
  readonly layout: ModuleLayout;
  readonly scope: string;
  /** Such as `blocks.3`. */
  readonly hook: string;
  readonly isStream: (name: string) => boolean;
  /** The residual stream as it enters. */
  readonly input: string;
}

/** The first of some module paths that exists in the graph. Paths are as in the layout tables. */
export function firstScope(g: ScopedGraph, { root, count }: LayerStack, paths: readonly string[] | undefined): string | undefined {
  for (const path of paths ?? []) {
    let scope = root;
    let rest = path.replace('{n}', String(count));
    for (; rest.startsWith('../'); rest = rest.slice(3)) scope = scope.slice(0, Math.max(0, scope.lastIndexOf('/')));
    if (g.within(`${scope}/${rest}`).length > 0) return `${scope}/${rest}`;
  }
  return undefined;
}
