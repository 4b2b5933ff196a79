/** The panel's state as a whole: the inquiry and what every tab has asked for. One per page. */
import type { Session } from '../shared/session.ts';
import { AttentionWork } from './attention/attentionWork.ts';
import { CircuitWork } from './circuit/circuitWork.ts';
import { CompareWork } from './compare/compareWork.ts';
import { GraphWork } from './graph/graphWork.ts';
import { Inquiry } from './inquiry.ts';
import { LensWork } from './lens/lensWork.ts';
import { PatchingWork } from './patching/patchingWork.ts';
import { Pairs } from './question/pairs.ts';

export class Works {
  readonly inquiry: Inquiry;
  readonly pairs: Pairs;
  readonly lens: LensWork;
  readonly attention: AttentionWork;
  readonly patching: PatchingWork;
  readonly circuit: CircuitWork;
  readonly graph: GraphWork;
  readonly compare: CompareWork;

  constructor(session: Session) {
    this.inquiry = new Inquiry(session);
    this.pairs = new Pairs(this.inquiry);
    this.lens = new LensWork(this.inquiry);
    this.attention = new AttentionWork(this.inquiry);
    this.patching = new PatchingWork(this.inquiry);
    this.circuit = new CircuitWork(this.inquiry);
    this.graph = new GraphWork(this.inquiry);
    this.compare = new CompareWork(this.inquiry, this.circuit, this.graph);
  }
}
