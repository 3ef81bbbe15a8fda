import { startAptRepository } from '../../bed/host/apt-repository.ts';
import { createAptRoot } from '../../bed/host/apt-root.ts';
import { killInstall } from '../../bed/host/kill-install.ts';
import { openNetworkBed } from '../../bed/host/network-bed.ts';
import { tryTool } from '../../bed/host/run-tool.ts';

/** Of the slow script, during which the installation is killed; the last kills come after it. */
const SCRIPT_MS = 2_000;

/** How many of so many hosts, whose installation was killed at points all over its duration, the next installation did not mend. */
export async function countUnmended(points: number): Promise<number> {
  const repository = await startAptRepository({ slowPostinstSeconds: SCRIPT_MS / 1_000 });
  let unmended = 0;
  try {
    for (let point = 0; point < points; point++) {
      const root = createAptRoot({ sources: [repository.sourceLine()] });
      await root.aptGet('update');
      await killInstall(root, (point / points) * SCRIPT_MS * 1.2);
      const { network } = openNetworkBed({ env: root.env });
      const { ok } = await network.aptInstallWithRetry(['bed-slowpost', 'bed-app']);
      const audit = await tryTool(['dpkg', ...root.dpkgArgs, '--audit'], { env: root.env });
      if (!ok || audit.stdout !== '' || root.state('bed-slowpost') !== '1.0' || root.state('bed-app') !== '1.0') unmended++;
      root.remove();
    }
    return unmended;
  } finally {
    await repository.stop();
  }
}
