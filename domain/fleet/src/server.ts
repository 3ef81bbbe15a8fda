import type { Secret, ServerId } from '@breakwater/kernel';

/** A server as the registry keeps it. The password lives apart, encrypted. */
export interface ServerRecord {
  readonly id: ServerId;
  readonly kind: 'vsphere';
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** True: the certificate must chain to a known CA; then no pin is asked for. */
  readonly verifySsl: boolean;
  /** SHA-256 a person has accepted, or null while nobody has. */
  readonly pinnedSha256: string | null;
  readonly enabled: boolean;
  readonly paused: boolean;
}

export interface ServerCredentials {
  readonly user: string;
  readonly password: Secret;
}

/** What a foreign server says of itself. */
export interface ServerProduct {
  readonly fullName: string;
  readonly version: string;
  readonly build: string;
  readonly apiType: 'HostAgent' | 'VirtualCenter';
  readonly instanceUuid: string | null;
}

export interface PresentedCertificateFacts {
  readonly sha256: string;
  readonly sha1: string;
  readonly subject: string;
  readonly issuer: string;
  readonly validFrom: string;
  readonly validTo: string;
}

/** Why a server does not serve us now. Each has its own state in the health strip. */
export type ServerTrouble =
  | { readonly kind: 'unreachable'; readonly code: string; readonly message: string }
  | { readonly kind: 'overloaded'; readonly code: string; readonly message: string }
  /** Refused once: never tried again by itself, because each further try may lock the account. */
  | { readonly kind: 'sign-in-failed'; readonly code: string; readonly message: string }
  | { readonly kind: 'certificate-untrusted'; readonly certificate: PresentedCertificateFacts }
  | { readonly kind: 'certificate-changed'; readonly certificate: PresentedCertificateFacts };
