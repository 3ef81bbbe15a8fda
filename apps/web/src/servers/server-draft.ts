import type { Server, ServerCreate, ServerUpdate } from '@breakwater/contract';

/** What a person has typed; text until it is sent. */
export interface ServerDraft {
  readonly name: string;
  readonly host: string;
  readonly port: string;
  readonly user: string;
  readonly password: string;
  readonly verifySsl: boolean;
  readonly enabled: boolean;
}

export type DraftProblem = 'required' | 'invalid_name' | 'invalid_host' | 'invalid_port';

export const toDraft = (server: Server | null): ServerDraft => ({
  name: server?.name ?? '',
  host: server?.host ?? '',
  port: String(server?.port ?? 443),
  user: server?.user ?? '',
  password: '',
  verifySsl: server?.verify_ssl ?? false,
  enabled: server?.enabled ?? true,
});

/** A stored password is never sent to another address or used for another account. */
export function needsPassword(draft: ServerDraft, server: Server | null): boolean {
  if (server === null || !server.has_password) return true;
  return draft.host.trim() !== server.host || Number(draft.port) !== server.port || draft.user !== server.user;
}

export function checkDraft(draft: ServerDraft, server: Server | null): Readonly<Partial<Record<keyof ServerDraft, DraftProblem>>> {
  const problems: Partial<Record<keyof ServerDraft, DraftProblem>> = {};
  const name = draft.name.trim();
  if (name === '') problems.name = 'required';
  else if (name.length > 120 || /[\p{Cc}\p{Cf}]/u.test(name)) problems.name = 'invalid_name';
  const host = draft.host.trim();
  if (host === '') problems.host = 'required';
  else if (host.length > 253 || !/^[A-Za-z0-9.:_-]+$/.test(host)) problems.host = 'invalid_host';
  if (!/^\d{1,5}$/.test(draft.port.trim()) || Number(draft.port) < 1 || Number(draft.port) > 65_535) problems.port = 'invalid_port';
  if (draft.user === '') problems.user = 'required';
  if (draft.password === '' && needsPassword(draft, server)) problems.password = 'required';
  return problems;
}

export const toCreate = (draft: ServerDraft, pinnedSha256: string | null): ServerCreate => ({
  name: draft.name.trim(),
  host: draft.host.trim(),
  port: Number(draft.port),
  user: draft.user,
  password: draft.password,
  verify_ssl: draft.verifySsl,
  pinned_sha256: pinnedSha256,
  enabled: draft.enabled,
});

/** Only what changed. */
export function toUpdate(draft: ServerDraft, options: { readonly server: Server; readonly pinnedSha256: string | null }): ServerUpdate {
  const { server, pinnedSha256 } = options;
  const next = toCreate(draft, pinnedSha256);
  return {
    ...(next.name === server.name ? {} : { name: next.name }),
    ...(next.host === server.host ? {} : { host: next.host }),
    ...(next.port === server.port ? {} : { port: next.port }),
    ...(next.user === server.user ? {} : { user: next.user }),
    ...(next.password === '' ? {} : { password: next.password }),
    ...(next.verify_ssl === server.verify_ssl ? {} : { verify_ssl: next.verify_ssl }),
    ...(next.enabled === server.enabled ? {} : { enabled: next.enabled }),
    ...(pinnedSha256 === server.pinned_sha256 ? {} : { pinned_sha256: pinnedSha256 }),
  };
}

/** The certificate belongs to the address: a new one has to be looked at. */
export const needsProbe = (draft: ServerDraft, server: Server | null): boolean =>
  !draft.verifySsl &&
  (server === null || server.pinned_sha256 === null || draft.host.trim() !== server.host || Number(draft.port) !== server.port);
