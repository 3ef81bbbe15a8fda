/** What is read of a host once, before planning. Part of the plan's hash, so that a stored plan is refused on a host that has moved on. */
export interface HostFacts {
  readonly hostname: string;
  /** `debian` 12 `bookworm`. */
  readonly osId: string;
  readonly osVersion: string;
  readonly osCodename: string;
  /** dpkg's word: `amd64`. */
  readonly architecture: string;
  readonly isRoot: boolean;
  /** False in containers and chroots: units are enabled, but nothing is started or asked. */
  readonly hasSystemd: boolean;
  readonly machineId: string | null;
  readonly memoryMib: number;
  readonly rootFreeMib: number;
  /** Port of the SSH connection that this run came over, else the first that sshd listens on; the firewall keeps it open. Null without sshd. */
  readonly sshPort: number | null;
}
