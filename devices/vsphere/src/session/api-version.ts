import { OpsError } from '@breakwater/kernel';
import { API_VERSIONS, type ApiVersion } from '../schema/index.ts';

/** The newest version that both sides speak. Asking for one that the server does not know fails or falls back, depending on its release. */
export function chooseApiVersion(offered: readonly string[]): ApiVersion {
  const chosen = API_VERSIONS.findLast((version) => offered.includes(version));
  if (chosen !== undefined) return chosen;
  throw new OpsError({
    code: 'VSPHERE_VERSION_UNSUPPORTED',
    message: `The server speaks no API version between ${API_VERSIONS[0]} and ${API_VERSIONS.at(-1)}.`,
    details: { offered: offered.slice(0, 10), oldest: API_VERSIONS[0] },
  });
}
