import type { MachineRef, Secret } from '@breakwater/kernel';
import type { HostExecutor } from './host-executor.ts';

export interface HostAddress {
  readonly host: string;
  readonly port: number;
}

/** One public key of a host, as a known_hosts line has it. */
export interface PublicKey {
  /** `ssh-ed25519` */
  readonly type: string;
  /** Base64. */
  readonly key: string;
  /** `SHA256:…`, as OpenSSH shows it. */
  readonly fingerprint: string;
}

export interface HostTarget extends HostAddress {
  /** Scope of runs and breakers: the same for a machine whatever its address is. */
  readonly hostId: string;
  readonly user: string;
  readonly privateKey: Secret;
  /** The only key that is believed. */
  readonly hostKey: PublicKey;
}

/** The private key of a login, ready for use: without a passphrase, because nobody is there to be asked. */
export interface PrivateKey {
  readonly privateKey: Secret;
  readonly type: string;
  readonly fingerprint: string;
}

/** How hosts that are far away are reached. Implemented with the OpenSSH of the machine that the portal runs on. */
export interface HostDoor {
  /** The key that answers there now; of several the strongest. `HOST_SSH_UNREACHABLE`. */
  lookUpKey(address: HostAddress, options: { readonly signal: AbortSignal }): Promise<PublicKey>;
  /** `HOST_SSH_*` and `HOST_LINK_LOST`; `HOST_SSH_HOST_KEY` when another key answers than the one that is believed. */
  open(target: HostTarget, options: { readonly signal: AbortSignal }): Promise<HostExecutor>;
  /** How many commands of links that are no more still run there. */
  countLeftOvers(host: HostExecutor, options: { readonly signal: AbortSignal }): Promise<number>;
  /** `HOST_LOGIN_KEY_INVALID`, `HOST_LOGIN_PASSPHRASE`. */
  readPrivateKey(pem: Secret, options: { readonly passphrase: Secret | null; readonly signal: AbortSignal }): Promise<PrivateKey>;
}

/** A machine of the fleet with the port at which its SSH answers. */
export interface HostDoorway extends MachineRef {
  readonly port: number;
}
