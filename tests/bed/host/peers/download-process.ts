import { createNetworkOperations, DEFAULT_NETWORK_SETTINGS } from '@breakwater/host-config';
import { silentLogger, systemClock } from '@breakwater/kernel';
import { createDownloadDoor, createLocalExecutor } from '@breakwater/local-host';
import { openBreakerState } from '@breakwater/storage';

// One process of several that fetch over the whole network layer. It says `ready`, fetches at each line that it is told, and says how that ended.
const [url = '', sha256 = '', dest = '', folder = ''] = process.argv.slice(2);
const network = createNetworkOperations({
  host: createLocalExecutor(),
  downloads: createDownloadDoor(),
  cacheFolder: `${folder}/cache`,
  breakerState: openBreakerState({ path: `${folder}/state.db`, logger: silentLogger, clock: systemClock }),
  settings: { ...DEFAULT_NETWORK_SETTINGS, retry: { ...DEFAULT_NETWORK_SETTINGS.retry, isEnabled: false } },
  onEvent: ({ kind }) => void (kind === 'network.attempted' && process.stdout.write('asking\n')),
});

process.stdin.on('data', () => {
  void network.downloadWithRetry({ urls: [url], dest, sha256 }).then((outcome) => {
    process.stdout.write(`ended ${outcome.ok ? 'ok' : `${outcome.reason}: ${outcome.explanation.cause}`}\n`);
  });
});
process.stdin.on('end', () => process.exit(0));
process.stdout.write('ready\n');
