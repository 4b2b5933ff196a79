/** `npm run build [-- --target linux-x64]`: the bundles in `dist/` for one platform, this machine's by default. */
import { parseArgs } from 'node:util';
import { buildAll } from './build/bundles.ts';

const { values } = parseArgs({ options: { target: { type: 'string', default: `${process.platform}-${process.arch}` } } });
await buildAll(values.target);
