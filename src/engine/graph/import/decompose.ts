/** Contrib operators (domain `com.microsoft`) spelled out in standard ones. */
import { MechanistError } from '../../errors.ts';
import type { Graph } from '../ir.ts';
import { nodeField, rewrite } from './rewrite.ts';
import type { RewriteRule } from './rewrite.ts';

const rules: ReadonlyMap<string, RewriteRule> = new Map();

/** The same computation in standard operators. Errors: `unsupported` naming a node that has no decomposition. */
export function decomposeContrib(graph: Graph): Graph {
  return rewrite(graph, (node) => {
    const rule = rules.get(node.op);
    if (rule === undefined && node.domain !== '') {
      throw new MechanistError('unsupported', 'This contrib operator has no decomposition.', { field: nodeField(node) });
    }
    return rule;
  });
}
