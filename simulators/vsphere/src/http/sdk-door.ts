import { isOpsError } from '@breakwater/kernel';
import { type ApiVersion, type Moref, SESSION_COOKIE, SOAP_CONTENT_TYPE, VIM_NAMESPACE } from '@breakwater/vsphere/schema';
import type { FaultEffect } from '../fault-rules.ts';
import { METHOD_TABLE } from '../methods/method-table.ts';
import { answerUnauthenticated } from '../methods/property.ts';
import { serviceContent } from '../methods/service.ts';
import { PlainObject } from '../model/plain-object.ts';
import type { Personality } from '../personality.ts';
import type { ServerState } from '../server-state.ts';
import { addSessionObject, describeSession, type Session } from '../sessions.ts';
import { decodeCall, encodeFaultResponse, encodeResponse, openEnvelope, type SoapCall } from '../soap/envelope.ts';
import { isDataType } from '../soap/schema-lookup.ts';
import { invalidRequest, notSupported, SoapFault } from '../soap/soap-fault.ts';
import type { XmlElement } from '../xml/read-xml.ts';
import type { Reply } from './reply.ts';

export interface SdkRequest {
  readonly body: string;
  readonly soapAction: string | undefined;
  readonly cookie: string | undefined;
  readonly signal: AbortSignal;
  readonly onParked: () => void;
  /** Told the method's name as soon as it is known; answers with the faults that apply to it. */
  readonly onNamed: (name: string) => Promise<readonly FaultEffect[]>;
}

export interface SdkAnswer {
  readonly reply: Reply;
  readonly effects: readonly FaultEffect[];
}

/** `POST /sdk` */
export async function answerSdk(server: ServerState, request: SdkRequest): Promise<SdkAnswer> {
  let version: ApiVersion = server.personality.apiVersion;
  let effects: readonly FaultEffect[] = [];
  try {
    const element = openBody(request.body);
    effects = await request.onNamed(element.name);
    // The front end answers for a service that is away: the call never reaches it, and a wait for news is not parked.
    if (effects.some((effect) => effect.kind === 'unavailable')) return { reply: { status: 503 }, effects };
    version = readVersion(server.personality, request.soapAction);
    const planned = effects.find((effect) => effect.kind === 'soap-fault');
    if (planned !== undefined)
      throw new SoapFault(isDataType(planned.fault) ? planned.fault : 'SystemError', {
        text: 'A simulated fault.',
        fields: { reason: 'A simulated fault.' },
      });
    const call = decodeCall(element, version);
    return { reply: await answerCall(server, { ...request, call, version }), effects };
  } catch (error) {
    if (!(error instanceof SoapFault)) throw error;
    return { reply: { status: 500, headers: { 'content-type': SOAP_CONTENT_TYPE }, body: encodeFaultResponse(error, version) }, effects };
  }
}

function openBody(body: string): XmlElement {
  try {
    return openEnvelope(body);
  } catch (error) {
    if (isOpsError(error)) throw invalidRequest(error.message);
    throw error;
  }
}

/** The version that the client says it speaks; it has to be one that this server lists. */
function readVersion(personality: Personality, soapAction: string | undefined): ApiVersion {
  const match = /^"?urn:vim25\/([\w.]+)"?$/.exec(soapAction?.trim() ?? '');
  const wanted = match?.[1];
  const known = [personality.apiVersion, ...personality.priorVersions];
  const version = known.find((candidate) => candidate === wanted);
  if (version === undefined) throw invalidRequest(`Unsupported version URI "${VIM_NAMESPACE}/${wanted ?? ''}" in SOAPAction`);
  return version;
}

interface CallRequest extends SdkRequest {
  readonly call: SoapCall;
  readonly version: ApiVersion;
}

async function answerCall(server: ServerState, request: CallRequest): Promise<Reply> {
  const { call, version } = request;
  if (call.kind === 'call' && call.name === 'RetrieveServiceContent') return toReply(call, { result: serviceContent(server), version });
  if (call.kind === 'call' && call.name === 'Login') return answerLogin(server, { ...request, call });
  const session = server.sessions.find(request.cookie);
  if (session === undefined) {
    // Some servers answer reads of an expired session with an empty result, or with nothing but refusals, instead of a fault.
    const { expiryAnswer } = server.limits;
    if (expiryAnswer !== 'fault' && call.kind === 'call' && call.name === 'RetrievePropertiesEx')
      return toReply(call, { result: expiryAnswer === 'missing-set' ? answerUnauthenticated(call.args) : undefined, version });
    throw new SoapFault('NotAuthenticated', {
      text: 'The session is not authenticated.',
      fields: { object: call.target, privilegeId: 'System.View' },
    });
  }
  if (call.kind === 'unsupported') throw notSupported();
  if (call.method.vCenterOnly === true && server.personality.apiType === 'HostAgent') throw notSupported();
  const handler = METHOD_TABLE[call.name as keyof typeof METHOD_TABLE];
  assertTargetExists(server, { session, target: call.target });
  const result = await handler({
    server,
    session,
    target: call.target,
    args: call.args,
    version,
    signal: request.signal,
    onParked: request.onParked,
  });
  return toReply(call, { result, version });
}

function assertTargetExists(server: ServerState, use: { readonly session: Session; readonly target: Moref }): void {
  const { target, session } = use;
  const key = `${target.type}:${target.value}`;
  if (session.objects.has(key) || server.inventory.world.find(target) !== undefined) return;
  throw new SoapFault('ManagedObjectNotFound', {
    text: `The object '${key}' has already been deleted or has not been completely created`,
    fields: { obj: target },
  });
}

type KnownCall = Extract<SoapCall, { kind: 'call' }>;

function answerLogin(server: ServerState, request: CallRequest & { readonly call: KnownCall }): Reply {
  const { call, version } = request;
  if (server.sessions.find(request.cookie) !== undefined) {
    throw new SoapFault('InvalidLogin', { text: 'Cannot complete login due to an incorrect user name or password.' });
  }
  const locale = call.args['locale'];
  if (locale !== undefined && locale !== 'en' && locale !== 'en_US')
    throw new SoapFault('InvalidLocale', { text: 'The locale is not supported.' });
  const session = server.sessions.login(call.args['userName'] as string, call.args['password'] as string);
  const manager = server.personality.content['sessionManager'];
  if (manager !== undefined) {
    const properties = {
      currentSession: () => describeSession(session),
      sessionList: () => [describeSession(session)],
      defaultLocale: () => 'en',
      messageLocaleList: () => ['en'],
      supportedLocaleList: () => ['en'],
    };
    addSessionObject(session, new PlainObject(manager, { properties }));
  }
  const reply = toReply(call, { result: describeSession(session), version });
  return { ...reply, headers: { ...reply.headers, 'set-cookie': `${SESSION_COOKIE}="${session.secret}"; Path=/; HttpOnly; Secure; ` } };
}

function toReply(call: KnownCall, use: { readonly result: unknown; readonly version: ApiVersion }): Reply {
  return {
    status: 200,
    headers: { 'content-type': SOAP_CONTENT_TYPE, 'cache-control': 'no-cache' },
    body: encodeResponse(call, use.result, use.version),
  };
}

/** `GET /sdk/vimServiceVersions.xml` */
export function answerVersions(personality: Personality): Reply {
  const prior = personality.priorVersions.map((version) => `<version>${version}</version>`).join('');
  return {
    status: 200,
    headers: { 'content-type': 'text/xml' },
    body: `<?xml version="1.0" encoding="UTF-8" ?>\n<namespaces version="1.0"><namespace><name>${VIM_NAMESPACE}</name><version>${personality.apiVersion}</version><priorVersions>${prior}</priorVersions></namespace></namespaces>\n`,
  };
}
