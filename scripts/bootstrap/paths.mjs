/** Where the bootstrap finds and puts things. Nothing here touches the disk. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository. */
export const root = fileURLToPath(new URL('../../', import.meta.url));
/** What the bootstrap installs for itself; ignored by git. */
export const toolchainFolder = join(root, '.toolchain');
/** Manifest and lock file of the toolchain's Node. */
export const toolchainManifests = join(root, 'scripts', 'toolchain-node');
