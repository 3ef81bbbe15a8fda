import { type Problem, problemSchema } from '@breakwater/contract';
import { OpsError } from '@breakwater/kernel';
import type { ControlFile } from './control-file.ts';

const TIMEOUT_MS = 60_000;

export interface PortalClient {
  request<T>(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<T>;
}

/** Commands go through the same door as the browser, so that one place decides and one journal tells. */
export function createPortalClient(control: ControlFile): PortalClient {
  return {
    async request<T>(method: string, path: string, body?: unknown): Promise<T> {
      let response: Response;
      try {
        response = await fetch(`${control.origin}/api/v1${path}`, {
          method,
          headers: { authorization: `Bearer ${control.token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
          signal: AbortSignal.timeout(TIMEOUT_MS),
        });
      } catch (cause) {
        throw new OpsError({
          code: 'CLI_PORTAL_UNREACHABLE',
          message: `The portal (process ${control.pid}) does not answer at ${control.origin}. If it has ended, start it again with "breakwater serve".`,
          cause,
        });
      }
      const text = await response.text();
      if (response.ok) return (text === '' ? undefined : JSON.parse(text)) as T;
      throw toError(response.status, text);
    },
  };
}

function toError(status: number, text: string): OpsError {
  const problem = readProblem(text);
  if (problem === null) return new OpsError({ code: 'CLI_ANSWER_UNEXPECTED', message: `The portal answered ${status}.` });
  return new OpsError({ code: problem.code, message: problem.detail, details: problem.details ?? {} });
}

function readProblem(text: string): Problem | null {
  try {
    const parsed = problemSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    // Not JSON: something other than the portal answers there, and the caller says so with the status.
    return null;
  }
}
