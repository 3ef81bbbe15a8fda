import type { StepContext } from '../../plan/step.ts';

export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  readonly shell: string;
  readonly passwdLine: string;
  /** Supplementary ones, sorted. */
  readonly groups: readonly string[];
}

/** From the files of the host and not from its name services: what a directory server knows is not ours to change. */
export async function findAccount(name: string, context: StepContext): Promise<Account | null> {
  const passwdLine = (await readLines('/etc/passwd', context)).find((line) => line.startsWith(`${name}:`));
  if (passwdLine === undefined) return null;
  const [, , uid, gid, , home = '', shell = ''] = passwdLine.split(':');
  const groups = (await readLines('/etc/group', context)).flatMap((line) => {
    const [group = '', , , members = ''] = line.split(':');
    return members.split(',').includes(name) ? [group] : [];
  });
  return { name, uid: Number(uid), gid: Number(gid), home, shell, passwdLine, groups: groups.toSorted() };
}

export async function findGroup(name: string, context: StepContext): Promise<{ readonly gid: number } | null> {
  const line = (await readLines('/etc/group', context)).find((each) => each.startsWith(`${name}:`));
  return line === undefined ? null : { gid: Number(line.split(':')[2]) };
}

export async function listGroupMembers(name: string, context: StepContext): Promise<readonly string[]> {
  const line = (await readLines('/etc/group', context)).find((each) => each.startsWith(`${name}:`));
  return (line?.split(':')[3] ?? '').split(',').filter((member) => member !== '');
}

async function readLines(path: string, { host }: StepContext): Promise<readonly string[]> {
  const content = await host.files.read(path, { maxBytes: 8 * 1_024 * 1_024 });
  return content === null ? [] : new TextDecoder().decode(content).split('\n');
}
