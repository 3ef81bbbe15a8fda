import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import { PreparedBody } from '../http/prepared-body.ts';

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
};

/** A build is a few megabytes; far more means that the folder is not one. */
const MAX_TOTAL_BYTES = 64 * 1_048_576;

export interface WebFile {
  readonly body: PreparedBody;
  readonly cacheControl: string;
}

/** The built web UI in memory: what is not in the map does not exist, so no path can lead out of the folder. */
export type WebFiles = ReadonlyMap<string, WebFile>;

/** Reads the folder once. An absent folder gives an empty map. Keys are URL paths such as `/assets/app-3fa1.js`. */
export async function loadWebFiles(root: string, options: { readonly basePath: string }): Promise<WebFiles> {
  const files = new Map<string, WebFile>();
  let total = 0;
  for (const path of await listFiles(root)) {
    const mediaType = MEDIA_TYPES[extname(path)];
    if (mediaType === undefined) continue;
    const bytes = await readFile(path);
    total += bytes.length;
    if (total > MAX_TOTAL_BYTES) throw new RangeError(`The folder of the web page holds more than ${MAX_TOTAL_BYTES} bytes: ${root}`);
    const urlPath = `/${relative(root, path).split(sep).join('/')}`;
    files.set(urlPath, toWebFile(urlPath, { bytes, mediaType, basePath: options.basePath }));
  }
  return files;
}

async function listFiles(root: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(root, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return [];
    throw error;
  }
}

function toWebFile(urlPath: string, file: { readonly bytes: Buffer; readonly mediaType: string; readonly basePath: string }): WebFile {
  const bytes = urlPath === '/index.html' ? Buffer.from(setBase(file.bytes.toString('utf8'), file.basePath)) : file.bytes;
  const hash = createHash('sha256').update(bytes).digest('base64url').slice(0, 20);
  // The build puts a content hash into the names below /assets/; all other names keep their meaning and change their bytes.
  const cacheControl = urlPath.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache';
  return { body: new PreparedBody(bytes, { etag: `"${hash}"`, mediaType: file.mediaType }), cacheControl };
}

/** Tells the page where it lives: everything in it is relative to `<base>`. */
function setBase(html: string, basePath: string): string {
  const base = `<base href="${basePath}/">`;
  return /<base\s[^>]*>/i.test(html) ? html.replace(/<base\s[^>]*>/i, base) : html.replace(/<head([^>]*)>/i, `<head$1>${base}`);
}
