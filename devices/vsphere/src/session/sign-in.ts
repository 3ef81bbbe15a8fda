import { OpsError, type Secret } from '@breakwater/kernel';
import { type ApiVersion, type Moref, SERVICE_INSTANCE, type Value } from '../schema/index.ts';
import { chooseApiVersion } from './api-version.ts';
import { hasCode, readFaultType } from './errors.ts';
import type { ExchangeOptions, SoapDoor } from './soap-door.ts';

/** What a server says of itself. */
export interface ServerProduct {
  readonly fullName: string;
  readonly version: string;
  readonly build: string;
  readonly apiType: 'HostAgent' | 'VirtualCenter';
  readonly instanceUuid: string | null;
}

/** A living session and the managers to call in it. Their ids differ between products and are never assumed. */
export interface SignedIn {
  /** Grows with every sign-in. What belongs to a session (views, filters, versions) is gone when this has changed. */
  readonly epoch: number;
  readonly apiVersion: ApiVersion;
  readonly product: ServerProduct;
  /** As the server writes it, for example in the reason of a task; another form than that of the sign-in may be. */
  readonly userName: string;
  readonly rootFolder: Moref;
  readonly propertyCollector: Moref;
  readonly viewManager: Moref;
  readonly sessionManager: Moref;
  readonly taskManager: Moref | undefined;
  readonly fileManager: Moref | undefined;
  readonly performanceManager: Moref | undefined;
}

/** People may be waiting behind it, whatever call asked first. */
const SIGN_IN: ExchangeOptions = { priority: 'high', idempotent: true };

/** English, so that the texts of faults do not depend on the server's settings. */
const LOCALE = 'en';

/** Faults of a sign-in that another try can only make worse (accounts lock after a few), and what they mean. */
const FINAL_FAULTS: ReadonlyMap<string, string> = new Map([
  ['InvalidLogin', 'wrong user or password, or the account is locked'],
  ['PasswordExpired', 'the password has expired'],
  // What a host in lockdown mode answers to everybody but its exception users.
  ['NoPermission', 'this account may not sign in here directly; the host may be in lockdown mode and take orders from its vCenter only'],
  ['InvalidLocale', 'it does not speak English'],
]);

export interface SignInOptions {
  readonly user: string;
  readonly password: Secret;
  readonly epoch: number;
  /** Ends everything before the sign-in proper. */
  readonly signal: AbortSignal;
  /** Ends also the sign-in proper. Whoever aborts it cannot know whether the server holds a session now. */
  readonly loginSignal: AbortSignal;
}

/** Agrees on a version, asks who is there and signs in. Done anew each time, because a host may have been upgraded in between. */
export async function signIn(door: SoapDoor, options: SignInOptions): Promise<SignedIn> {
  const { signal } = options;
  door.cookie.clear();
  const apiVersion = chooseApiVersion(await door.readVersions({ ...SIGN_IN, signal }));
  door.version = apiVersion;
  const answer = await door.call({ method: 'RetrieveServiceContent', self: SERVICE_INSTANCE, args: {} }, { ...SIGN_IN, signal });
  const server = toSignedIn(answer.value, { epoch: options.epoch, apiVersion });
  return { ...server, userName: (await logIn(door, server.sessionManager, options)) ?? options.user };
}

async function logIn(
  door: SoapDoor,
  sessionManager: Moref,
  { user, password, signal, loginSignal }: SignInOptions,
): Promise<string | undefined> {
  signal.throwIfAborted();
  let answer: Awaited<ReturnType<typeof door.call<'Login'>>>;
  try {
    answer = await door.call(
      { method: 'Login', self: sessionManager, args: { userName: user, password: password.reveal(), locale: LOCALE } },
      { ...SIGN_IN, idempotent: false, signal: loginSignal },
    );
  } catch (error) {
    const fault = readFaultType(error);
    const meaning = fault === undefined ? undefined : FINAL_FAULTS.get(fault);
    if (meaning === undefined) throw error;
    throw new OpsError({
      code: 'VSPHERE_INVALID_LOGIN',
      message: `The server refused the sign-in: ${meaning}. It is not tried again by itself.`,
      cause: error,
      details: { fault },
    });
  }
  if (door.cookie.header === undefined) {
    throw new OpsError({ code: 'VSPHERE_SESSION_COOKIE_MISSING', message: 'The server signed us in but gave no session cookie.' });
  }
  return answer.value?.userName;
}

export function isFinalRefusal(error: unknown): error is OpsError {
  return hasCode(error, 'VSPHERE_INVALID_LOGIN');
}

function toSignedIn(
  content: Value<'ServiceContent'> | undefined,
  { epoch, apiVersion }: { readonly epoch: number; readonly apiVersion: ApiVersion },
): Omit<SignedIn, 'userName'> {
  const { rootFolder, propertyCollector, viewManager, sessionManager, about } = content ?? {};
  if (!rootFolder || !propertyCollector || !viewManager || !sessionManager || !about) {
    throw new OpsError({ code: 'VSPHERE_NOT_SOAP', message: 'The server does not say where its managers are.' });
  }
  return {
    epoch,
    apiVersion,
    product: {
      fullName: about.fullName ?? about.name ?? '',
      version: about.version ?? '',
      build: about.build ?? '',
      apiType: about.apiType === 'VirtualCenter' ? 'VirtualCenter' : 'HostAgent',
      instanceUuid: about.instanceUuid ?? null,
    },
    rootFolder,
    propertyCollector,
    viewManager,
    sessionManager,
    taskManager: content?.taskManager,
    fileManager: content?.fileManager,
    performanceManager: content?.perfManager,
  };
}
