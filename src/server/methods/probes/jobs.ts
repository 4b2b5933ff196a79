/** The jobs behind the requests of probes. */
import type { ParsedParams, Results } from '../../../protocol/methods.ts';
import type { ProbeResults } from '../../../protocol/methods/probes.ts';
import type { Job } from '../../scheduler.ts';
import type { Session } from '../../session.ts';
import { labels } from './labels.ts';
import { list } from './list.ts';
import { train } from './train.ts';

export const probeJobs: { readonly [M in keyof ProbeResults]: (session: Session, params: ParsedParams<M>, signal: AbortSignal) => Job<Results[M]> } = {
  'probe.labels': labels,
  'probe.train': train,
  'probe.list': list,
};
