import { OpsError } from '@breakwater/kernel';
import type { ObjectWaiter, PropertyReader, PropertySet } from '../properties/index.ts';
import { FOLDER_PATH, HOST_DATACENTER_PATH, type Moref } from '../schema/index.ts';
import { createStatusError, isFault, type Session } from '../session/index.ts';
import { Fields } from './fields.ts';
import { decodeName } from './names.ts';
import { toRefusalError } from './refusal.ts';
import { watchTask } from './tasks.ts';

/** A file of a datastore, as `[datastore] folder/file` says. */
export interface DatastoreFile {
  readonly datastore: string;
  readonly path: string;
}

/** In which datacenter a machine's files are. On a standalone host there is one, and it need not be named. */
export interface DatacenterPlace {
  /** Inventory path from the root folder, for downloads. */
  readonly path: string;
  /** For calls; absent on a standalone host. */
  readonly moref: Moref | undefined;
}

export interface FileTools {
  readonly session: Session;
  readonly reader: PropertyReader;
  readonly waiter: ObjectWaiter;
}

const ANCESTRY: PropertySet = { type: 'ManagedEntity', paths: ['name', 'parent'] };
const DATASTORE_NAMES: PropertySet = { type: 'Datastore', paths: ['summary'] };
const MAX_DEPTH = 32;
const FILE_GONE = 'FileNotFound';

/** Reads `[datastore] path`, and `/vmfs/volumes/<volume>/path` as older hosts write it. */
export async function parseDatastoreFile(
  reader: PropertyReader,
  text: string,
  options: { readonly signal: AbortSignal },
): Promise<DatastoreFile> {
  const named = /^\[([^\]]+)\] ?(.+)$/s.exec(text);
  if (named !== null) return { datastore: named[1] ?? '', path: named[2] ?? '' };
  const volume = /^\/vmfs\/volumes\/([^/]+)\/(.+)$/s.exec(text);
  if (volume === null) throw invalidPath();
  const [, id = '', path = ''] = volume;
  for (const { properties } of await reader.readAll([DATASTORE_NAMES], { priority: 'low', signal: options.signal })) {
    const summary = new Fields(properties).struct('summary');
    const name = summary.text('name');
    const isMeant = name === id || (summary.text('url') ?? '').split('/').includes(id);
    if (name !== null && isMeant) return { datastore: decodeName(name), path };
  }
  throw invalidPath();
}

/** Walks up from the machine to its datacenter. */
export async function findDatacenter(
  tools: FileTools,
  machine: Moref,
  options: { readonly signal: AbortSignal },
): Promise<DatacenterPlace> {
  const server = await tools.session.open(options);
  if (server.product.apiType === 'HostAgent') return { path: HOST_DATACENTER_PATH, moref: undefined };
  const names: string[] = [];
  let datacenter: Moref | undefined;
  let at: Moref | null = machine;
  for (let depth = 0; at !== null && depth < MAX_DEPTH; depth++) {
    const [snapshot] = await tools.reader.readObjects([at], { set: ANCESTRY, priority: 'low', signal: options.signal });
    const fields = new Fields(snapshot?.properties);
    const parent = fields.ref('parent');
    if (at.type === 'Datacenter') datacenter = at;
    // The root folder itself is not part of a path. Names stay as they are stored: a slash in one is `%2f` in the path too.
    if (datacenter !== undefined && parent !== null) names.unshift(fields.text('name') ?? '');
    at = parent;
  }
  if (datacenter === undefined) {
    throw new OpsError({ code: 'VSPHERE_DATACENTER_UNKNOWN', message: 'The machine is in no datacenter that can be read.' });
  }
  return { path: names.join('/'), moref: datacenter };
}

export function downloadFile(
  session: Session,
  file: DatastoreFile,
  options: { readonly datacenter: DatacenterPlace; readonly maxBytes: number; readonly signal: AbortSignal },
): Promise<Uint8Array> {
  const segments = file.path.split('/').map(encodeURIComponent).join('/');
  const query = new URLSearchParams({ dcPath: options.datacenter.path, dsName: file.datastore });
  const target = { path: `${FOLDER_PATH}/${segments}?${query.toString()}`, operation: 'GET /folder' };
  return session.get(target, {
    priority: 'low',
    idempotent: true,
    maxBodyBytes: options.maxBytes,
    signal: options.signal,
    read: (response) => {
      if (response.status !== 200) throw createStatusError(response, target.operation);
      return response.bytes();
    },
  });
}

/** Deletes and waits until it is done. A file that is gone already is as good. */
export async function deleteFile(
  tools: FileTools,
  file: DatastoreFile,
  options: { readonly datacenter: DatacenterPlace; readonly signal: AbortSignal },
): Promise<void> {
  const { fileManager } = await tools.session.open(options);
  if (fileManager === undefined) throw new OpsError({ code: 'VSPHERE_NOT_SUPPORTED', message: 'The server has no file manager.' });
  try {
    const task = await tools.session.call(
      {
        method: 'DeleteDatastoreFile_Task',
        self: fileManager,
        args: { name: `[${file.datastore}] ${file.path}`, datacenter: options.datacenter.moref },
      },
      { priority: 'low', idempotent: true, signal: options.signal },
    );
    if (task === undefined) return;
    const outcome = await watchTask(tools.waiter, task, { signal: options.signal });
    if (outcome.kind === 'failed' && outcome.refusal.details['fault'] !== FILE_GONE) throw new OpsError(outcome.refusal);
  } catch (error) {
    if (!isFault(error, FILE_GONE)) throw toRefusalError(error);
  }
}

function invalidPath(): OpsError {
  return new OpsError({ code: 'VSPHERE_PATH_INVALID', message: 'The server names a file in a way that is not known.' });
}
