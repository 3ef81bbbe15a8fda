import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** Caches, logs, what the kernel shows, and dpkg's own books, which are compared by what dpkg says. */
const ELSEWHERE = /^\/(?:proc|sys|dev|run|tmp|var\/cache|var\/log|var\/lib\/apt|var\/lib\/dpkg)(?:\/|$)/;
/** Debian's packages leave their system users behind when they are purged, and copies of these files with them; people are compared by `readPeople`. */
const ACCOUNTS = /^\/etc\/(?:passwd|group|shadow|gshadow|subuid|subgid)-?$|^\/etc\/machine-id$/;

/** Kind, mode, owner and content of everything in a tree. */
export function readTree(root: string): ReadonlyMap<string, string> {
  const entries = new Map<string, string>();
  const visit = (folder: string): void => {
    for (const name of readdirSync(join(root, folder))) {
      const path = `${folder}/${name}`;
      if (ELSEWHERE.test(path) || ACCOUNTS.test(path)) continue;
      const facts = lstatSync(join(root, path));
      entries.set(path, `${facts.mode.toString(8)} ${facts.uid}:${facts.gid} ${readContent(join(root, path))}`);
      if (facts.isDirectory()) visit(path);
    }
  };
  visit('');
  return entries;
}

function readContent(path: string): string {
  const facts = lstatSync(path);
  if (facts.isSymbolicLink()) return `-> ${readlinkSync(path)}`;
  return facts.isFile() ? createHash('sha256').update(readFileSync(path)).digest('hex') : '';
}

/** Root and people, not the users of services. */
export function readPeople(root: string): readonly string[] {
  const isPerson = (line: string): boolean => {
    const id = Number(line.split(':')[2]);
    return id === 0 || (id >= 1_000 && id < 60_000);
  };
  return ['passwd', 'group'].flatMap((name) =>
    readFileSync(join(root, 'etc', name), 'utf8')
      .split('\n')
      .filter(isPerson),
  );
}

export function findDifferences(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): readonly string[] {
  return [...new Set([...before.keys(), ...after.keys()])].filter((path) => before.get(path) !== after.get(path));
}
