/** The static checks alone: `npm run check`. */
import { runStaticChecks } from './checks/staticChecks.ts';

process.exitCode = runStaticChecks().failed === 0 ? 0 : 1;
