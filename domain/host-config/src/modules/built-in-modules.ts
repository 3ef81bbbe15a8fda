import type { HostModule } from '../plan/module.ts';
import { aptSources } from './apt-sources.ts';
import { autoUpdates } from './auto-updates.ts';
import { docker } from './docker.ts';
import { downloads } from './downloads.ts';
import { firewall } from './firewall.ts';
import { gitCheckouts } from './git-checkouts.ts';
import { nodejs } from './nodejs.ts';
import { packages } from './packages.ts';
import { sshHardening } from './ssh-hardening.ts';
import { systemBase } from './system-base.ts';
import { timeSync } from './time-sync.ts';
import { usersSsh } from './users-ssh.ts';

/** By their priority. */
export const BUILT_IN_MODULES: readonly HostModule[] = [
  systemBase,
  timeSync,
  aptSources,
  packages,
  usersSsh,
  sshHardening,
  firewall,
  autoUpdates,
  docker,
  nodejs,
  gitCheckouts,
  downloads,
];
