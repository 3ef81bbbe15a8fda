import type { Permission, Principal } from '@breakwater/access';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who acts, found once per request by the portal's `Authenticate`; null for a stranger. */
    principal: Principal | null;
  }
}

/** Tells who sends a request, from its cookie or bearer token; null for a stranger. Called once per API request. */
export type Authenticate = (request: FastifyRequest) => Promise<Principal | null>;

export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** One documented answer: a JSON schema, or a media type for everything else; neither means an empty body. */
export interface Answer {
  readonly description: string;
  readonly schema?: z.ZodType;
  readonly mediaType?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The parsed parts of a request and who sent it. */
export interface Call<Params, Query, Body, Who> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly principal: Who;
  /** Aborts when the client leaves before the answer is sent. */
  readonly signal: AbortSignal;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

interface RouteShape<Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType> {
  readonly method: HttpMethod;
  /** OpenAPI notation: `/api/v1/servers/{server_id}`. */
  readonly path: string;
  /** OpenAPI operationId; unique, camelCase. */
  readonly id: string;
  readonly tag: string;
  readonly summary: string;
  readonly params?: Params;
  readonly query?: Query;
  readonly body?: Body;
  /** By status. The lowest is the status of a value that the handler returns. */
  readonly answers: Readonly<Record<number, Answer>>;
  /** Codes of the problems that a caller should expect, for the documentation. */
  readonly problems?: readonly string[];
}

type Handler<Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType, Who> = (
  call: Call<z.output<Params>, z.output<Query>, z.output<Body>, Who>,
) => unknown;

/** A route as data: what registers it, guards it and documents it. */
export interface Route extends RouteShape<z.ZodType, z.ZodType, z.ZodType> {
  readonly permission: Permission | 'public';
  /** Returns the JSON value of the answer, or the reply when it has answered itself. */
  readonly handle: (call: Call<never, never, never, never>) => unknown;
}

/** A route that needs a principal with `permission`. */
export function defineRoute<
  Params extends z.ZodType = z.ZodUndefined,
  Query extends z.ZodType = z.ZodUndefined,
  Body extends z.ZodType = z.ZodUndefined,
>(
  route: RouteShape<Params, Query, Body> & { readonly permission: Permission; readonly handle: Handler<Params, Query, Body, Principal> },
): Route {
  return route;
}

/** A route that strangers may call too; `principal` is null for them. */
export function definePublicRoute<
  Params extends z.ZodType = z.ZodUndefined,
  Query extends z.ZodType = z.ZodUndefined,
  Body extends z.ZodType = z.ZodUndefined,
>(route: RouteShape<Params, Query, Body> & { readonly handle: Handler<Params, Query, Body, Principal | null> }): Route {
  return { ...route, permission: 'public' };
}
