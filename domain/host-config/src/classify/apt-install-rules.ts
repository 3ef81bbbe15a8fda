import type { Rule } from './rule.ts';

const LOCK_HINT = 'Another package tool is at work. It is waited for; "vps-configurator doctor" shows who holds the lock.';

/** Texts of apt and dpkg about locks, the choice of packages and their installation. */
export const APT_INSTALL_RULES: readonly Rule[] = [
  {
    code: 'apt.notroot',
    class: 'permanent',
    pattern: /Could not open lock file \S+ - open \(13|are you root\?|requires superuser privilege|Unable to write to \/var\/cache\/apt/,
    cause: 'Only root may do this.',
    hint: 'Run it as root or with sudo.',
  },
  {
    code: 'dpkg.interrupted',
    class: 'repair',
    pattern: /dpkg was interrupted/,
    cause: 'An earlier installation was cut off in the middle.',
    hint: 'Run "dpkg --configure -a", then try again.',
  },
  {
    code: 'apt.broken',
    class: 'repair',
    pattern: /Unmet dependencies\. Try|Try 'apt(?:-get)? --fix-broken install'|--fix-broken install/,
    cause: 'An installed package lacks something that it depends on.',
    hint: 'See with "apt-get -s -f install" what a repair would do, removals above all; then run "apt-get -f install".',
  },
  {
    code: 'apt.lock',
    class: 'wait-lock',
    pattern:
      /(?:E|Error): Could not get lock (\S+?)\.? |Unable to acquire the dpkg frontend lock \(([^)]*)\)|Unable to lock (?:the administration )?directory \(?([^\s)]*)|dpkg (?:frontend|database) lock (?:was|is) locked by another process|status database area is locked by another process|config\.dat is locked by another process/,
    cause: (match) => `Another process holds the lock ${match[1] ?? match[2] ?? match[3] ?? 'of the package database'}.`,
    hint: LOCK_HINT,
  },
  {
    code: 'apt.status.corrupt',
    class: 'permanent',
    pattern:
      /Unable to parse package file (\S*\/dpkg\/status\S*)|parsing file '([^']*(?:status|available))' near line|Problem with MergeList (\S*\/dpkg\/status\S*)|files list file for package '([^']*)'|Could not open file (\S*\/dpkg\/status\S*)/,
    cause: (match) => `dpkg's own records are damaged (${match.slice(1).find((part) => part !== undefined)}).`,
    hint: 'Put back the newest good copy from /var/backups (dpkg.status.*), then run "dpkg --audit".',
  },
  {
    code: 'apt.pkg.notfound',
    class: 'permanent',
    pattern:
      /Unable to locate package (\S+)|Version '([^']*)' for '([^']*)' was not found|Package '([^']*)' has no installation candidate|Package (\S+) has no installation candidate|Release '([^']*)' for '([^']*)' was not found|Couldn't find any package by (?:glob|regex|task) '([^']*)'|Couldn't find task '([^']*)'/,
    cause(match) {
      if (match[2] !== undefined) return `No source has ${match[3]} in version ${match[2]}.`;
      if (match[6] !== undefined) return `No source has ${match[7]} in release ${match[6]}.`;
      return `No source has a package ${match[1] ?? match[4] ?? match[5] ?? match[8] ?? match[9]}.`;
    },
    hint: 'Check the spelling; if it is right, the source that has it is missing, or "apt-get update" has never run.',
  },
  {
    code: 'apt.policy',
    class: 'permanent',
    pattern:
      /(Held packages were changed) and -y|(Packages were downgraded) and -y|(Packages need to be removed) but remove is disabled|(Essential packages were removed) and -y|(removing the following essential packages)/i,
    cause: (match) => `${match.slice(1).find((part) => part !== undefined)}, and that is not allowed without being asked for.`,
    hint: 'Look at the simulation ("apt-get -s install ...") and allow exactly that, or leave the package as it is.',
  },
  {
    code: 'apt.unmet',
    class: 'permanent',
    pattern:
      /you have held broken packages|Unable to satisfy dependencies|Reached two conflicting (?:assignments|decisions)|Broken packages|dependency problems (?:prevent|- )/,
    cause: 'The packages cannot be installed together with what is there.',
    hint: 'The lines above the error name the packages that are in the way; a foreign source or a held package is the usual reason.',
  },
  {
    code: 'apt.unmet',
    class: 'permanent',
    pattern: /have unmet dependencies/,
    cause: 'The packages cannot be installed together with what is there.',
    hint: 'The lines below the message name the packages that are in the way.',
    isSummary: true,
  },
  {
    code: 'dpkg.overwrite',
    class: 'permanent',
    pattern: /trying to overwrite (?:shared )?'([^']*)', which is also in package (\S+)/,
    cause: (match) => `The package wants to put ${match[1]}, which belongs to ${match[2]}.`,
    hint: 'Remove one of the two packages, or take versions that are made for each other.',
  },
  {
    code: 'dpkg.conffile',
    class: 'permanent',
    pattern: /end of file on stdin at conffile prompt/,
    cause: 'dpkg asked what to do with a changed configuration file, and nobody was there to answer.',
    hint: 'Run "dpkg --force-confdef --force-confold --configure -a" to keep your files.',
  },
  {
    code: 'apt.deb.corrupt',
    class: 'permanent',
    pattern:
      /is not a Debian format archive|not a debian format archive|unexpected end of file in|corrupted filesystem tarfile|archive has (?:invalid|no) |Could not read meta data from (\S+)|Unsupported file \S+ given on commandline|<decompress> subprocess returned error|lzma error/,
    cause: 'A package file is damaged.',
    hint: 'Remove it from /var/cache/apt/archives ("apt-get clean"), then install again.',
  },
  {
    code: 'dpkg.maintscript',
    class: 'permanent',
    pattern:
      /(?:installed|new|old) (\S+) package (\S+) (?:script )?(?:subprocess|maintainer)|subprocess (?:installed|new|old) (\S+) script returned error|post-installation script subprocess|needs to be reinstalled/,
    cause: (match) => `The installation script of ${match[1] ?? 'a package'} failed.`,
    hint: 'The lines above the error are what the script said; until it is mended, every further installation fails too.',
  },
  {
    code: 'apt.hook',
    class: 'permanent',
    pattern: /Problem executing scripts (\S+)|Could not read response to hello message from hook/,
    cause: 'A hook of apt on this host failed.',
    hint: 'Look for it in /etc/apt/apt.conf.d.',
  },
  {
    code: 'apt.needs-yes',
    class: 'permanent',
    pattern: /\[Y\/n\] (?:n|Abort)|^Abort\.$/m,
    cause: 'apt asked whether to go on, and nobody agreed.',
    hint: 'Run it with -y once you agree with what it shows.',
  },
  {
    code: 'apt.usage',
    class: 'permanent',
    pattern:
      /Command line option (.+?) |Invalid operation (\S+)|Option (\S+)[^\n]* requires|The value '([^']*)' is invalid for|unknown option|must specify at least one package|Syntax error (\S+)|requires an argument/i,
    cause: (match) => `apt does not understand ${match.slice(1).find((part) => part !== undefined) ?? 'its arguments'}.`,
    hint: 'Correct the command or the file below /etc/apt/apt.conf.d.',
  },
  {
    code: 'apt.missing-archives',
    class: 'repair',
    pattern: /Unable to fetch some archives|Some files failed to download/,
    cause: 'Packages that should have been downloaded before are not there.',
    hint: 'Download them again ("apt-get install --download-only ...").',
    isSummary: true,
  },
  {
    code: 'dpkg.failed',
    class: 'permanent',
    pattern: /Sub-process \S+ returned an error code|Errors were encountered while processing|Sub-process \S+ (?:received|exited)/,
    cause: 'dpkg could not process a package.',
    hint: 'The lines above the error are what dpkg said.',
    isSummary: true,
  },
];
