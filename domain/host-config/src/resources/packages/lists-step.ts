import { OpsError } from '@breakwater/kernel';
import type { RepositoryFetch } from '../../plan/fetch.ts';
import type { Step, StepContext } from '../../plan/step.ts';
import { toNetworkError } from '../transfer/network-error.ts';

export interface ListsStepOptions {
  /** Name of the repository, for people and for the step's id. */
  readonly name: string;
  readonly uri: string;
  readonly suite: string;
  readonly isOptional?: boolean;
  /** With what they can be gathered on another host. */
  readonly fetch: Pick<RepositoryFetch, 'pin' | 'trust'> & {
    readonly source: string;
    /** Where `source` fetches from, when that is not `uri`. */
    readonly uri?: string;
  };
}

const LISTS = '/var/lib/apt/lists';

/** The lists of a repository that has just been added: without them apt knows none of its packages. */
export function createListsStep(options: ListsStepOptions): Step {
  const { name } = options;
  return {
    id: `lists:${name}`,
    title: `Fetch the package lists of ${name}`,
    lane: { kind: 'apt' },
    ...(options.isOptional === true ? { isOptional: true } : {}),
    async plan(context) {
      if (await hasLists(options, context)) return null;
      return {
        summary: `fetch the lists of ${options.uri} ${options.suite}`,
        details: [{ kind: 'command', argv: ['apt-get', 'update'] }],
        dangers: [],
        fetches: [toFetch(options)],
      };
    },
    async apply(context) {
      const outcome = await context.network.aptUpdateWithRetry({ force: true });
      if (!outcome.ok) throw toNetworkError(outcome, 'HOST_APT_UPDATE_FAILED');
      if (await hasLists(options, context)) return;
      throw new OpsError({
        code: 'HOST_APT_UPDATE_FAILED',
        message: `The lists of ${name} did not come, though those of others did.`,
        details: { hint: `Look whether ${options.uri} has the suite ${options.suite}.`, failedHosts: outcome.value.failedHosts },
      });
    },
  };
}

function toFetch(options: ListsStepOptions): RepositoryFetch {
  const { fetch, name, suite, uri } = options;
  const gathered = { source: fetch.source, listPrefix: toListPrefix({ suite, uri: fetch.uri ?? uri }) };
  return { kind: 'repository', name, listPrefix: toListPrefix(options), gathered, trust: fetch.trust, pin: fetch.pin };
}

async function hasLists(options: ListsStepOptions, { host }: StepContext): Promise<boolean> {
  const prefix = toListPrefix(options);
  const names = (await host.files.list(LISTS)) ?? [];
  return names.includes(`${prefix}InRelease`) || names.includes(`${prefix}Release`);
}

/** apt's name of a list (URItoFileName): no scheme, odd characters quoted, slashes as underscores. */
export function toListPrefix({ suite, uri }: Pick<ListsStepOptions, 'suite' | 'uri'>): string {
  const base = uri.replace(/^[a-z+]+:(?:\/\/(?:[^/@]*@)?)?/, '').replace(/\/+$/, '');
  const path = suite.endsWith('/') ? `${base}/${suite === '/' ? '' : suite}` : `${base}/dists/${suite}/`;
  const quoted = path.replaceAll(/[\\|{}[\]<>"^~_=!@#$%&*]/g, (each) => `%${each.charCodeAt(0).toString(16).padStart(2, '0')}`);
  return quoted.replaceAll('/', '_');
}
