/** A bundled model with what the sample looks at it with. */
import { DiskModels } from '../src/evidence/openModels.ts';
import type { OpenedModel } from '../src/evidence/method.ts';
import { Runtime } from '../src/engine/runtime/runtime.ts';
import { bundledModels } from '../src/cli/locateModel.ts';
import { join } from 'node:path';
import { loadFableTokenizer } from '../zoo/tokenizer/encode.ts';
import type { FableTokenizer } from '../zoo/tokenizer/encode.ts';

export interface SampleModel extends OpenedModel {
  /** The corpus' own tokenizer: the same tokens, with labels. */
  readonly corpus: FableTokenizer;
  close(): Promise<void>;
}

export async function openedSample(id: string): Promise<SampleModel> {
  const runtime = new Runtime({ threads: 1 });
  const models = new DiskModels({ runtime, locate: (name) => Promise.resolve(join(bundledModels, name)) });
  const opened = await models.open(id);
  return {
    ...opened, corpus: loadFableTokenizer(),
    async close() {
      models.close();
      await runtime.dispose();
    },
  };
}
