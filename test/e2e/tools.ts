/** Language model tools: what they answer, what they refuse, and how much they say. */
import { strict as assert } from 'node:assert';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ToolAnswers } from './inHost/tools.ts';
import { resultFile } from './support/inHost.ts';
import type { Spec } from './support/spec.ts';

const note = `---
mechanist: finding/1
id: alpha
title: Alpha
claim: Something is seen.
kind: behavioral
evidence:
  - id: e1
    method: prediction.surprise@1
    date: 2026-01-01
    metric: surprise
    value: 0.5
    models: [{id: fable-4l, hash: "${'0'.repeat(64)}"}]
    inputs: {text: "When Mary and John went to the market, John gave a book to Mary."}
---
`;

export const tools: Spec = {
  name: 'tools',
  files: { 'sample.txt': 'When Mary and John went to the market.\n', 'findings/alpha.md': note },
  open: 'sample.txt',
  inHost: 'tools',
  steps: [
    {
      name: 'assistants get numbers with what they were measured on, and are told to cite findings',
      async run({ inHost, installation, folder }) {
        const { code, lines } = await inHost!;
        assert.equal(code, 0, lines.join('\n'));
        const answers = JSON.parse(await readFile(resultFile(installation), 'utf8')) as ToolAnswers;
        assert.match(answers['features']!, /mechanist:feature\/fable-4l\/blocks\.2\.hook_resid_post\/\d+ [\d.]+/);
        assert.match(answers['trace']!, /Logit lens at the last token:\nblocks\.0/);
        assert.match(answers['patching']!, /share of the logit difference restored by blocks\.1\.attn\.hook_z head 1 in fable-4l: -?[\d.e-]+; other places/);
        assert.match(answers['open']!, /mechanist:finding\/alpha \(findings\/alpha\.md\): Alpha/);
        assert.match(answers['verify']!, /e1: drifted\. 0\.5 recorded/);
        for (const name of ['features', 'trace', 'patching', 'open', 'verify']) assert.match(answers[name]!, /Cite findings/);
        assert.equal(await readFile(join(folder, 'findings', 'alpha.md'), 'utf8'), note, 'verifying for an assistant changes no note');
      },
    },
    {
      name: 'inputs that break the declared schema are refused, and answers are bounded',
      async run({ installation }) {
        const answers = JSON.parse(await readFile(resultFile(installation), 'utf8')) as ToolAnswers;
        assert.match(answers['unknown']!, /There is no finding "nobody" in this workspace\. There are: alpha\./);
        for (const name of ['tooMany', 'path', 'extra']) assert.match(answers[name]!, /The input is not valid/, name);
        for (const answer of Object.values(answers)) assert.ok(answer.length <= 6000);
      },
    },
  ],
};
