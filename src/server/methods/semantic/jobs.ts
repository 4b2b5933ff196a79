/** The jobs behind the semantic view's requests. A request whose job is missing here is answered with `unsupported`. */
import { MechanistError } from '../../../engine/errors.ts';
import { semanticSchemas } from '../../../protocol/methods/semantic.ts';
import type { ParsedParams, Results } from '../../../protocol/methods.ts';
import type { Job } from '../../scheduler.ts';
import type { Session } from '../../session.ts';

type SemanticMethod = keyof typeof semanticSchemas;
type Jobs = { readonly [M in SemanticMethod]: (session: Session, params: ParsedParams<M>, signal: AbortSignal) => Job<Results[M]> };

const known: Partial<Jobs> = {};

export const semanticJobs = {
  ...Object.fromEntries(Object.keys(semanticSchemas).map((method) => [method, () => unsupported(method)])),
  ...known,
} as unknown as Jobs;

async function* unsupported(method: string): Job<never> {
  yield undefined;
  throw new MechanistError('unsupported', `This build does not answer ${method}.`, { field: 'method' });
}
