import { ApiError, toApiError } from './api-error.ts';
import { toPortalUrl } from './base-path.ts';

/** Nothing the portal answers takes longer: it reads memory. Tests of a server and console tickets do wait for a device. */
const ANSWER_TIMEOUT_MS = 60_000;

export interface RequestOptions {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends JSON, reads JSON; every failure is an `ApiError`. An abort by the caller stays an abort. */
export async function requestJson<Answer>(path: string, options: RequestOptions = {}): Promise<Answer> {
  const response = await sendRequest(path, options);
  if (response.status === 204) return undefined as Answer;
  const body = await readBody(response);
  if (!response.ok) throw toApiError(response.status, body, response.headers.get('retry-after'));
  return body as Answer;
}

export async function sendRequest(path: string, options: RequestOptions): Promise<Response> {
  const { method = 'GET', body, signal, headers } = options;
  const timeout = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
  try {
    return await fetch(toPortalUrl(path), {
      method,
      credentials: 'same-origin',
      cache: 'no-store',
      headers: { accept: 'application/json', ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      body: body === undefined ? null : JSON.stringify(body),
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
  } catch (error) {
    if (signal?.aborted === true) throw error;
    throw new ApiError({ status: 0, code: 'WEB_NO_ANSWER', message: 'The portal does not answer.', cause: error });
  }
}

async function readBody(response: Response): Promise<unknown> {
  const text = await response.text();
  if (text === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (!response.ok) return undefined;
    throw new ApiError({ status: response.status, code: 'WEB_ANSWER_UNREADABLE', message: `HTTP ${response.status}`, cause: error });
  }
}
