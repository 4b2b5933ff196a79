/** Ids of everything the manifest contributes and code registers. A test holds the two against each other. */
export const commandIds = {
  openModel: 'mechanist.model.open',
  useModel: 'mechanist.model.use',
  closeModel: 'mechanist.model.close',
  openDictionary: 'mechanist.dictionary.open',
  pickDictionary: 'mechanist.dictionary.pick',
  useDictionary: 'mechanist.dictionary.use',
  restartEngine: 'mechanist.engine.restart',
  showLog: 'mechanist.log.show',
  showMenu: 'mechanist.menu.show',
  toggleHover: 'mechanist.hover.toggle',
  revealInspector: 'mechanist.inspector.reveal',
  showMethod: 'mechanist.method.show',
  runMethod: 'mechanist.method.run',
  paintSurprise: 'mechanist.paint.surprise',
  paintFeature: 'mechanist.paint.feature',
  clearPaint: 'mechanist.paint.clear',
  nextHit: 'mechanist.hit.next',
  previousHit: 'mechanist.hit.previous',
} as const;

export const viewIds = {
  inspector: 'mechanist.inspector',
  models: 'mechanist.models',
  methods: 'mechanist.methods',
  findings: 'mechanist.findings',
} as const;
