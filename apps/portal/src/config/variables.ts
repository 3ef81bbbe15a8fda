import { isIP } from 'node:net';
import {
  booleanVariable,
  choiceVariable,
  durationVariable,
  integerVariable,
  listVariable,
  secretVariable,
  textVariable,
  type Variable,
} from './variable.ts';

const MAX_PORT = 65_535;
const DAY_S = 86_400;
const HOST_PATTERN = /^[A-Za-z0-9.:_-]{1,253}$/;

/** Every variable of the program. Help, documentation and `Config` follow from this table alone. */
export const VARIABLES = {
  port: integerVariable({
    name: 'PORT',
    aliases: ['FLASK_PORT'],
    fallback: 5_001,
    min: 0,
    max: MAX_PORT,
    meaning: 'Port of the web page, the API, the event stream and the consoles. 0 takes any free port.',
  }),
  host: textVariable({
    name: 'HOST',
    fallback: '0.0.0.0',
    pattern: HOST_PATTERN,
    expected: 'an address or a host name',
    meaning:
      'Address to listen on. All addresses by default, because nothing can be read without signing in and the first administrator needs a one-time token from the log; 127.0.0.1 keeps everybody else out.',
  }),
  wsProxyPort: integerVariable({
    name: 'WS_PROXY_PORT',
    fallback: null,
    min: 1,
    max: MAX_PORT,
    meaning: 'Opens a second door for consoles on this port (8765 by custom). Unset, consoles use PORT like everything else.',
  }),
  wsProxyHost: textVariable({
    name: 'WS_PROXY_HOST',
    fallback: null,
    pattern: HOST_PATTERN,
    expected: 'an address or a host name',
    meaning: 'Address of the second console door. Unset: the value of HOST. Works only together with WS_PROXY_PORT.',
  }),
  publicUrl: textVariable({
    name: 'PUBLIC_URL',
    fallback: null,
    pattern: /^https?:\/\/[^\s/?#@]+\/?$/,
    expected: 'an address such as https://breakwater.example.org, without a path (that is BASE_PATH)',
    normalise: (text) => text.replace(/\/$/, ''),
    meaning: 'How browsers reach the page from outside; its host is allowed and its origin is trusted.',
  }),
  basePath: textVariable({
    name: 'BASE_PATH',
    fallback: '',
    pattern: /^\/?$|^(\/[A-Za-z0-9._~-]+)+\/?$/,
    expected: 'a path such as /breakwater',
    normalise: (text) => text.replace(/\/$/, ''),
    meaning: 'Path below which everything is served, for a reverse proxy that passes the whole path on.',
  }),
  allowedHosts: listVariable({
    name: 'ALLOWED_HOSTS',
    isItem: (item) => /^\.?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/.test(item),
    expected: 'host names without port, separated by commas; a leading dot includes all names below',
    meaning:
      'Further names by which browsers may call the page. IP addresses, localhost, the own host name and the host of PUBLIC_URL always work; other names are refused, because a foreign page could point its own name at this address.',
  }),
  trustedProxies: listVariable({
    name: 'TRUSTED_PROXIES',
    isItem: isAddressRange,
    expected: 'IP addresses or ranges such as 10.0.0.0/8, separated by commas',
    meaning: 'Reverse proxies whose X-Forwarded-For, -Proto and -Host headers are believed. Unset: none.',
  }),
  metricsPublic: booleanVariable({
    name: 'METRICS_PUBLIC',
    fallback: false,
    meaning: 'Whether /metrics answers without a token. Otherwise it asks for any API token or an administrator.',
  }),
  thumbnailCacheTtlMs: durationVariable({
    name: 'THUMBNAIL_CACHE_TTL',
    fallbackS: 120,
    minS: 5,
    maxS: DAY_S,
    meaning: 'How old the screen of a running machine may become before it counts as stale and is taken again.',
  }),
  thumbnailFormat: choiceVariable({
    name: 'THUMBNAIL_FORMAT',
    choices: ['webp', 'jpeg'],
    fallback: 'webp',
    meaning: 'webp: 320x200, quality 50, text is readable; jpeg: 200x150, quality 50, for browsers and programs that read no WebP.',
  }),
  thumbnailAvif: booleanVariable({
    name: 'THUMBNAIL_AVIF',
    fallback: true,
    meaning:
      'Whether browsers that name image/avif in Accept get pictures as AVIF, a fifth smaller at the same quality. A picture is turned into AVIF when it is first asked for, once, for about 6 ms of one processor; false saves that and the memory for it.',
  }),
  vmListCacheTtlMs: durationVariable({
    name: 'VM_LIST_CACHE_TTL',
    fallbackS: 60,
    minS: 5,
    maxS: DAY_S,
    meaning: 'How long a machine list counts as fresh after the server last confirmed it; later it is shown as stale.',
  }),
  backgroundRefreshIntervalMs: durationVariable({
    name: 'BACKGROUND_REFRESH_INTERVAL',
    fallbackS: 30,
    minS: 1,
    maxS: DAY_S,
    meaning: 'How often gauges are read, and for how long a server may stay silent about its machines before it is asked.',
  }),
  esxiMaxConcurrent: integerVariable({
    name: 'ESXI_MAX_CONCURRENT',
    fallback: 4,
    min: 1,
    max: 64,
    unit: 'requests',
    meaning: 'Requests that one server gets at the same time, at most.',
  }),
  esxiMinIntervalMs: durationVariable({
    name: 'ESXI_MIN_INTERVAL',
    fallbackS: 0.15,
    minS: 0,
    maxS: 60,
    meaning: 'Shortest time between the starts of two requests to one server.',
  }),
  esxiLimiter: choiceVariable({
    name: 'ESXI_LIMITER',
    choices: ['paced-window', 'delay', 'delay-as-written', 'aimd', 'fixed'],
    fallback: 'paced-window',
    meaning:
      'How the pace of each server is learned inside ESXI_MAX_CONCURRENT and ESXI_MIN_INTERVAL. paced-window: a rate and a number of requests at once, from refusals, timeouts and answer times; delay: the pauses of the documents, 0.5 to 10 seconds after a refusal, for background work; delay-as-written: the same law word for word, a pause of 0.5 to 10 seconds before every request, people included; aimd: a number of requests at once, from refusals alone; fixed: nothing is learned.',
  }),
  esxiRequestTimeoutMs: durationVariable({
    name: 'ESXI_REQUEST_TIMEOUT',
    fallbackS: 30,
    minS: 1,
    maxS: 600,
    meaning: 'How long one ordinary request to a server may take.',
  }),
  esxiScreenshotTimeoutMs: durationVariable({
    name: 'ESXI_SCREENSHOT_TIMEOUT',
    fallbackS: 20,
    minS: 1,
    maxS: 600,
    meaning: 'How long taking one screen may take.',
  }),
  esxiPoolSize: integerVariable({
    name: 'ESXI_POOL_SIZE',
    fallback: 5,
    min: 1,
    max: 64,
    unit: 'connections',
    meaning: 'Open connections per server, at most.',
  }),
  esxiConnectionTtlMs: durationVariable({
    name: 'ESXI_CONNECTION_TTL',
    fallbackS: 300,
    minS: 5,
    maxS: DAY_S,
    meaning: 'How long a connection to a server is used again before it is replaced.',
  }),
  cbFailureThreshold: integerVariable({
    name: 'CB_FAILURE_THRESHOLD',
    fallback: 5,
    min: 1,
    max: 1_000,
    unit: 'failures',
    meaning: 'Failures in a row after which the circuit breaker of a server opens.',
  }),
  cbRecoveryTimeoutMs: durationVariable({
    name: 'CB_RECOVERY_TIMEOUT',
    fallbackS: 30,
    minS: 1,
    maxS: 3_600,
    meaning: 'How long an open circuit breaker waits before it tries the server again.',
  }),
  cbSuccessThreshold: integerVariable({
    name: 'CB_SUCCESS_THRESHOLD',
    fallback: 3,
    min: 1,
    max: 1_000,
    unit: 'successes',
    meaning: 'Successes in a row after which a half-open circuit breaker closes.',
  }),
  valkeyUrl: secretVariable({
    name: 'VALKEY_URL',
    pattern: /^rediss?:\/\/[^\s/]+(\/\d{0,5})?$/,
    expected: 'an address such as redis://user:password@valkey:6379/0, or rediss:// for TLS',
    meaning:
      'Valkey or Redis through which several portals that manage the same servers share their circuit breakers. Unset, or while it is out of reach: each decides alone.',
  }),
  sessionTimeoutMs: durationVariable({
    name: 'SESSION_TIMEOUT',
    fallbackS: 180,
    minS: 5,
    maxS: 3_600,
    meaning: 'How long a console session waits for its browser before it is void (`expires_in` of the API).',
  }),
  ticketTimeoutMs: durationVariable({
    name: 'TICKET_TIMEOUT',
    fallbackS: 60,
    minS: 5,
    maxS: 600,
    meaning: 'How long taking a console ticket and connecting with it may take.',
  }),
  esxiHost: textVariable({
    name: 'ESXI_HOST',
    fallback: null,
    pattern: HOST_PATTERN,
    expected: 'an address or a host name, without scheme, port or path',
    meaning: 'A server to take over at the start when it is not known yet; needs ESXI_USER and ESXI_PASSWORD.',
  }),
  esxiUser: textVariable({ name: 'ESXI_USER', fallback: null, meaning: 'User of ESXI_HOST.' }),
  esxiPassword: secretVariable({ name: 'ESXI_PASSWORD', meaning: 'Password of ESXI_USER.' }),
  esxiPort: integerVariable({ name: 'ESXI_PORT', fallback: 443, min: 1, max: MAX_PORT, meaning: 'Port of ESXI_HOST.' }),
  esxiVerifySsl: booleanVariable({
    name: 'ESXI_VERIFY_SSL',
    fallback: false,
    meaning: 'Whether the certificate of ESXI_HOST must come from a known authority. Otherwise a person confirms its fingerprint once.',
  }),
  logLevel: choiceVariable({
    name: 'LOG_LEVEL',
    choices: ['debug', 'info', 'warn', 'error'],
    fallback: 'info',
    meaning: 'Least important level that is logged.',
  }),
  logFormat: choiceVariable({
    name: 'LOG_FORMAT',
    choices: ['json', 'pretty'],
    fallback: 'json',
    meaning: 'json: one object per line; pretty: for reading in a terminal.',
  }),
  caFile: textVariable({
    name: 'BREAKWATER_CA_FILE',
    fallback: null,
    unit: 'path',
    meaning:
      'File with certificates (PEM) of authorities of your own, such as the VMCA of a vCenter. Servers with verify_ssl may then chain to these as well as to the public ones.',
  }),
  dataDir: textVariable({
    name: 'BREAKWATER_DATA_DIR',
    fallback: 'data',
    unit: 'path',
    meaning: 'Folder that holds the database and the key; everything worth a backup.',
  }),
  journalDays: integerVariable({
    name: 'BREAKWATER_JOURNAL_DAYS',
    fallback: 365,
    min: 1,
    max: 36_500,
    unit: 'days',
    meaning: 'How long an operation stays in the journal after it was asked for. One that is still under way is never forgotten.',
  }),
  journalSize: integerVariable({
    name: 'BREAKWATER_JOURNAL_SIZE',
    fallback: 100_000,
    min: 100,
    max: 10_000_000,
    unit: 'operations',
    meaning: 'How many operations the journal holds, about; the oldest are forgotten first.',
  }),
  hostSetupsAtOnce: integerVariable({
    name: 'BREAKWATER_HOST_SETUPS',
    fallback: 2,
    min: 1,
    max: 16,
    unit: 'machines',
    meaning: 'How many machines are set up at the same time; others wait for their turn.',
  }),
  hostPlugins: listVariable({
    name: 'BREAKWATER_HOST_PLUGINS',
    isItem: (item) => item.startsWith('/'),
    expected: 'absolute paths, separated by commas',
    meaning:
      'Files (ES modules) with modules of your own for setting up machines. Only these: a configuration that comes through the page may name none, because they run here.',
  }),
  serversFile: textVariable({
    name: 'BREAKWATER_SERVERS_FILE',
    fallback: 'config/servers.json',
    unit: 'path',
    meaning: 'File with servers to take over at the start when they are not known yet. A missing file is no error.',
  }),
  apiToken: secretVariable({
    name: 'BREAKWATER_API_TOKEN',
    minLength: 24,
    meaning: 'A token that machines may use besides those made in the page.',
  }),
  apiTokenRole: choiceVariable({
    name: 'BREAKWATER_API_TOKEN_ROLE',
    choices: ['viewer', 'operator', 'admin'],
    fallback: 'admin',
    meaning: 'What BREAKWATER_API_TOKEN may do.',
  }),
  adminUser: textVariable({
    name: 'BREAKWATER_ADMIN_USER',
    fallback: 'admin',
    pattern: /^[\p{L}\p{N}._@-]{1,64}$/u,
    expected: 'letters, digits, dot, underscore, at and hyphen, at most 64',
    meaning: 'Name of the administrator whom BREAKWATER_ADMIN_PASSWORD sets up.',
  }),
  adminPassword: secretVariable({
    name: 'BREAKWATER_ADMIN_PASSWORD',
    minLength: 10,
    meaning: 'Makes the administrator exist with this password and ends the first-run setup.',
  }),
} as const satisfies Readonly<Record<string, Variable>>;

function isAddressRange(item: string): boolean {
  const [address = '', bits, ...rest] = item.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}
