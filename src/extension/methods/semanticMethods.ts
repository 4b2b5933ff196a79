/** Cards of behavioural and semantic methods. Sources: algorithms reference §4, §14–21, §24, §27. */
import type { Method } from './method.ts';

export const behavioralMethods: readonly Method[] = [
  {
    id: 'surprise', name: 'Token surprise', group: 'behavioral',
    question: 'Where in a text does the model’s expectation fail?',
    assumptions: 'The probability of the next token is what matters of the model’s behaviour.',
    strengths: 'Needs nothing but the model; exact.',
    weaknesses: 'Says that something was unexpected, not why. Tokens that are rare in any text are surprising to any model.',
    check: 'Compare with the surprise of a model that sees token frequencies only.',
    papers: [], needs: ['model'], run: { kind: 'command', command: 'paintSurprise' },
  },
  {
    id: 'integratedGradients', name: 'Integrated gradients', group: 'behavioral',
    question: 'Which input tokens does an output depend on?',
    assumptions: 'A baseline stands for absence; the path from it to the input is meaningful.',
    strengths: 'Attributions add up to the difference of outputs, which can be verified.',
    weaknesses: 'Depends on the baseline; saliency can look plausible for an untrained model.',
    check: 'Completeness error; randomise the weights layer by layer: the attribution must change.',
    papers: ['Sundararajan et al. 2017, arXiv 1703.01365', 'Adebayo et al. 2018, arXiv 1810.03292'], needs: ['model'], commandLine: 'attribute',
  },
];

export const semanticMethods: readonly Method[] = [
  {
    id: 'hover', name: 'Activation inspection', group: 'semantic.search',
    question: 'Which features are active at this token?',
    assumptions: 'The unit that is looked at, a dictionary’s feature, is the right level.',
    strengths: 'Immediate, on your own text.',
    weaknesses: 'One text is an anecdote; strong activation does not show that the model uses the feature.',
    check: 'Look at random and zero examples of the same feature too, then intervene.',
    papers: [], needs: ['model', 'dictionary'], run: { kind: 'command', command: 'revealInspector' },
  },
  {
    id: 'paintFeature', name: 'Paint a feature', group: 'semantic.search',
    question: 'Where in a document does a feature fire?',
    assumptions: 'The document contains cases for and against the reading of the feature.',
    strengths: 'Shows the misses as well as the hits.',
    weaknesses: 'Polysemantic features fire for several reasons, of which one document shows some.',
    check: 'Write texts that should and should not activate it, and count both.',
    papers: [], needs: ['model', 'dictionary'], run: { kind: 'command', command: 'paintFeature' },
  },
  {
    id: 'maxActivating', name: 'Maximally activating examples', group: 'semantic.search',
    question: 'Which texts of a corpus activate a unit most?',
    assumptions: 'The unit is the right level; its extremes tell what it is for.',
    strengths: 'Simple; applies to neurons, heads and features.',
    weaknesses: 'Extremes hide the rest of the distribution; polysemanticity; no accepted way to choose units.',
    check: 'Show quantile and random examples beside the top ones.',
    papers: ['Bolukbasi et al. 2021, arXiv 2104.07143'], needs: ['model', 'dictionary'], run: { kind: 'semantic' },
  },
  {
    id: 'linearProbe', name: 'Linear probe', group: 'semantic.structural',
    question: 'Is a named property linearly decodable at a hook point?',
    assumptions: 'Decodable means represented; representations are linear.',
    strengths: 'Quantitative; comparable across layers.',
    weaknesses: 'The probe may learn the task itself; correlation is not use; the property is named in advance.',
    check: 'Selectivity against a control task with random labels, and a baseline on surface properties.',
    papers: ['Hewitt & Liang 2019, arXiv 1909.03368'], needs: ['model', 'labels'], run: { kind: 'command', command: 'trainProbe' },
  },
  {
    id: 'steering', name: 'Steering', group: 'semantic.causal',
    question: 'How does the output change when a direction is added?',
    assumptions: 'The intervention isolates the property.',
    strengths: 'Causal; visible in generated text.',
    weaknesses: 'Large steps leave the distribution of activations; collateral damage.',
    check: 'A random direction of the same norm; completeness and selectivity side by side.',
    papers: ['Turner et al. 2023, arXiv 2308.10248'], needs: ['model', 'dictionary'], run: { kind: 'steer' },
  },
  {
    id: 'sae', name: 'Sparse autoencoder', group: 'semantic.dictionary',
    question: 'Which sparse directions make up the activations at a hook point?',
    assumptions: 'Superposition: more features than dimensions, few active at once.',
    strengths: 'No property needs to be named in advance.',
    weaknesses: 'Unlabelled features; splitting and absorption; reconstruction error holds what was missed.',
    check: 'Score labels against wrong and shuffled ones; loss recovered; a dictionary trained on an untrained model.',
    papers: ['Cunningham et al. 2023, arXiv 2309.08600', 'Gao et al. 2024, arXiv 2406.04093'], needs: ['model', 'corpus'], run: { kind: 'semantic', part: 'train' },
  },
];
