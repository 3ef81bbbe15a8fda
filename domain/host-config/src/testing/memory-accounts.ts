import type { CommandScript, MemoryHost } from './memory-host.ts';

/** At a time of their own: every tool writes these files anew, and a rollback by those tools does too. */
function write(path: string, lines: readonly string[], host: MemoryHost): void {
  host.put(path, lines.map((line) => `${line}\n`).join(''), { mtimeMs: 1 });
}

const read = (path: string, host: MemoryHost): readonly string[] => (host.text(path) ?? '').split('\n').filter((line) => line !== '');

const option = (argv: readonly string[], name: string): string | undefined => {
  const index = argv.indexOf(name);
  return index < 0 ? undefined : argv[index + 1];
};

/** Sets who belongs to which group: `change` is asked for each. */
function setMembers(host: MemoryHost, change: (group: string, members: readonly string[]) => readonly string[]): void {
  const lines = read('/etc/group', host).map((line) => {
    const [name = '', password, gid, members = ''] = line.split(':');
    const after = change(
      name,
      members.split(',').filter((member) => member !== ''),
    );
    return [name, password, gid, after.join(',')].join(':');
  });
  write('/etc/group', lines, host);
}

const FIRST_UID = 1_000;

function addUser(argv: readonly string[], host: MemoryHost): void {
  const name = argv.at(-1) ?? '';
  const uid = FIRST_UID + read('/etc/passwd', host).length;
  const home = `/home/${name}`;
  write('/etc/passwd', [...read('/etc/passwd', host), `${name}:x:${uid}:${uid}::${home}:${option(argv, '--shell')}`], host);
  const groups = option(argv, '--groups')?.split(',') ?? [];
  write('/etc/group', [...read('/etc/group', host), `${name}:x:${uid}:`], host);
  setMembers(host, (group, members) => (groups.includes(group) ? [...members, name] : members));
  if (argv.includes('--create-home')) host.put(`${home}/.bashrc`, '', { uid, gid: uid });
}

function removeUser(name: string, host: MemoryHost): void {
  write(
    '/etc/passwd',
    read('/etc/passwd', host).filter((line) => !line.startsWith(`${name}:`)),
    host,
  );
  write(
    '/etc/group',
    read('/etc/group', host).filter((line) => !line.startsWith(`${name}:`)),
    host,
  );
  setMembers(host, (_group, members) => members.filter((member) => member !== name));
  host.erase(`/home/${name}/.bashrc`);
}

function changeUser(argv: readonly string[], host: MemoryHost): void {
  const name = argv.at(-1) ?? '';
  const added = option(argv, '--groups')?.split(',');
  if (added !== undefined) {
    setMembers(host, (group, members) => (added.includes(group) && !members.includes(name) ? [...members, name] : members));
  }
  const exact = option(argv, '-G')?.split(',');
  if (exact !== undefined) {
    setMembers(host, (group, members) => (exact.includes(group) ? members : members.filter((member) => member !== name)));
  }
  const shell = option(argv, '--shell') ?? option(argv, '-s');
  if (shell === undefined) return;
  const lines = read('/etc/passwd', host).map((line) => (line.startsWith(`${name}:`) ? line.replace(/[^:]*$/, shell) : line));
  write('/etc/passwd', lines, host);
}

export const memoryAccounts: CommandScript = ({ argv }, host) => {
  const name = argv.at(-1) ?? '';
  switch (argv[0]) {
    case 'useradd':
      addUser(argv, host);
      return {};
    case 'userdel':
      removeUser(name, host);
      return {};
    case 'usermod':
      changeUser(argv, host);
      return {};
    case 'groupadd':
      write('/etc/group', [...read('/etc/group', host), `${name}:x:${FIRST_UID + read('/etc/group', host).length}:`], host);
      return {};
    case 'groupdel':
      write(
        '/etc/group',
        read('/etc/group', host).filter((line) => !line.startsWith(`${name}:`)),
        host,
      );
      return {};
    default:
      return undefined;
  }
};
