import {
  certificateSchema,
  consoleSessionSchema,
  machineListSchema,
  machineSchema,
  operationListSchema,
  operationSchema,
  personSchema,
  problemSchema,
  queueStatsSchema,
  serverCreateSchema,
  serverSchema,
  serverStatsSchema,
  serverTestSchema,
  serverUpdateSchema,
  sessionSchema,
  snapshotSchema,
  tokenSchema,
} from '@breakwater/contract';
import { z } from 'zod';
import type { Answer, Route } from '../http/route.ts';

/** Schemas that occur more than once get a name; the rest is written in place. */
const NAMED: Readonly<Record<string, z.ZodType>> = {
  Certificate: certificateSchema,
  ConsoleSession: consoleSessionSchema,
  Machine: machineSchema,
  MachineList: machineListSchema,
  Operation: operationSchema,
  OperationList: operationListSchema,
  Person: personSchema,
  Problem: problemSchema,
  QueueStats: queueStatsSchema,
  Server: serverSchema,
  ServerCreate: serverCreateSchema,
  ServerStats: serverStatsSchema,
  ServerTest: serverTestSchema,
  ServerUpdate: serverUpdateSchema,
  Session: sessionSchema,
  Snapshot: snapshotSchema,
  Token: tokenSchema,
};

type Json = Readonly<Record<string, unknown>>;

const REF_PREFIX = '#/components/schemas/';

/** The OpenAPI 3.1 document of the routes; what validates is what is documented. */
export function buildOpenapi(routes: readonly Route[], options: { readonly version: string; readonly basePath: string }): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: describeRoute(route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Breakwater',
      version: options.version,
      description:
        'Reading answers from memory and never waits for a server. Acts answer 202 with an operation. Errors are problem details (RFC 9457) with a stable `code`.',
    },
    servers: [{ url: options.basePath === '' ? '/' : options.basePath }],
    tags: [...new Set(routes.map((route) => route.tag))].map((name) => ({ name })),
    paths,
    components: {
      schemas: Object.fromEntries(
        Object.entries(NAMED).map(([name, schema]) => [name, toSchema(schema, { io: ioOf(name), inPlace: name })]),
      ),
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'A token made in the page, or BREAKWATER_API_TOKEN.' },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: 'breakwater',
          description: 'The cookie that signing in sets; over TLS its name is __Host-breakwater.',
        },
      },
    },
  };
}

const ioOf = (name: string): 'input' | 'output' => (name.endsWith('Create') || name.endsWith('Update') ? 'input' : 'output');

function describeRoute(route: Route): Json {
  const parameters = [...describeParameters(route.params, 'path'), ...describeParameters(route.query, 'query')];
  const responses = Object.fromEntries(Object.entries(route.answers).map(([status, answer]) => [status, describeAnswer(answer)]));
  const codes = [...(route.problems ?? []), ...(route.permission === 'public' ? [] : ['PORTAL_SIGN_IN_REQUIRED', 'PORTAL_FORBIDDEN'])];
  return {
    operationId: route.id,
    tags: [route.tag],
    summary: route.summary,
    description: route.permission === 'public' ? 'Needs no sign-in.' : `Needs the permission \`${route.permission}\`.`,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(route.body === undefined ? {} : { requestBody: describeBody(route.body) }),
    responses: { ...responses, default: describeProblem(codes) },
    security: route.permission === 'public' ? [] : [{ token: [] }, { session: [] }],
  };
}

function describeParameters(schema: z.ZodType | undefined, place: 'path' | 'query'): Json[] {
  if (schema === undefined) return [];
  const { properties, required } = toSchema(schema, { io: 'input' }) as { properties?: Record<string, Json>; required?: readonly string[] };
  return Object.entries(properties ?? {}).map(([name, property]) => ({
    name,
    in: place,
    required: place === 'path' || required?.includes(name) === true,
    schema: property,
  }));
}

const describeBody = (schema: z.ZodType): Json => ({
  required: !schema.safeParse(undefined).success,
  content: { 'application/json': { schema: toSchema(schema, { io: 'input' }) } },
});

function describeAnswer(answer: Answer): Json {
  const content =
    answer.schema === undefined
      ? answer.mediaType === undefined
        ? {}
        : { content: { [answer.mediaType]: {} } }
      : { content: { 'application/json': { schema: toSchema(answer.schema, { io: 'output' }) } } };
  const headers = Object.entries(answer.headers ?? {}).map(([name, description]) => [name, { description, schema: { type: 'string' } }]);
  return { description: answer.description, ...content, ...(headers.length === 0 ? {} : { headers: Object.fromEntries(headers) }) };
}

const describeProblem = (codes: readonly string[]): Json => ({
  description: codes.length === 0 ? 'A problem.' : `A problem; codes to expect: ${codes.map((code) => `\`${code}\``).join(', ')}.`,
  content: { 'application/problem+json': { schema: { $ref: `${REF_PREFIX}Problem` } } },
});

/** JSON schema of a zod schema. Named ones become references, except `inPlace`, the one being defined. */
function toSchema(schema: z.ZodType, options: { readonly io: 'input' | 'output'; readonly inPlace?: string }): Json {
  const named = Object.entries(NAMED).find(([name, candidate]) => candidate === schema && name !== options.inPlace);
  if (named !== undefined) return { $ref: REF_PREFIX + named[0] };
  const { $schema: _, ...json } = z.toJSONSchema(schema, {
    target: 'draft-2020-12',
    io: options.io,
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema, path }) => {
      if (path.length === 0) return;
      const inner = Object.entries(NAMED).find(([, candidate]) => Object.is(candidate, zodSchema));
      if (inner === undefined) return;
      for (const key of Object.keys(jsonSchema)) delete jsonSchema[key];
      jsonSchema.$ref = REF_PREFIX + inner[0];
    },
  });
  return json;
}
