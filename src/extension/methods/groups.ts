/** The taxonomy as a tree of two levels, in the order in which it is shown. */
import type { MethodGroup } from './method.ts';

export const methodGroups: readonly MethodGroup[] = [
  { id: 'behavioral', name: 'Behavioral', parent: undefined, question: 'How do outputs depend on inputs?' },
  { id: 'semantic', name: 'Semantic', parent: undefined, question: 'Which latent representations are learned and used?' },
  { id: 'semantic.search', name: 'Search and optimisation', parent: 'semantic', question: 'Which input activates a unit most?' },
  { id: 'semantic.structural', name: 'Structural probing', parent: 'semantic', question: 'Is a property decodable from a representation?' },
  { id: 'semantic.causal', name: 'Causal probing', parent: 'semantic', question: 'What happens when a property is changed in a representation?' },
  { id: 'semantic.dictionary', name: 'Dictionary learning', parent: 'semantic', question: 'Which sparse directions make up a representation?' },
  { id: 'algorithmic', name: 'Algorithmic', parent: undefined, question: 'Which operations are performed over the representations?' },
  { id: 'algorithmic.decomposition', name: 'Decomposition', parent: 'algorithmic', question: 'What does each part write towards the output?' },
  { id: 'algorithmic.knockout', name: 'Knock-out', parent: 'algorithmic', question: 'What fails without a part?' },
  { id: 'algorithmic.patching', name: 'Patching', parent: 'algorithmic', question: 'What changes when a part computes on another input?' },
  { id: 'algorithmic.circuits', name: 'Circuit discovery', parent: 'algorithmic', question: 'Which sub-graph alone computes the behaviour?' },
  { id: 'unified', name: 'Unified', parent: undefined, question: 'Which representations does which operation use?' },
  { id: 'unified.abstraction', name: 'Causal abstraction', parent: 'unified', question: 'Does the model realise a stated algorithm over stated variables?' },
  { id: 'unified.featureCircuits', name: 'Feature circuits', parent: 'unified', question: 'How do features compute further features?' },
];
