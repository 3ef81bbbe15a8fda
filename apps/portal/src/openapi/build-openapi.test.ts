import { describe, expect, it } from 'vitest';
import { createTestPortal } from '../testing/test-portal.ts';

interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required: boolean }[];
  readonly requestBody?: { readonly required: boolean; readonly content: Record<string, { readonly schema: unknown }> };
  readonly responses: Record<string, { readonly description: string; readonly content?: Record<string, { readonly schema?: unknown }> }>;
  readonly security: readonly unknown[];
}

interface Document {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly schemas: Record<string, { readonly properties?: Record<string, unknown> }> };
}

async function load(): Promise<Document> {
  const { portal } = createTestPortal();
  const response = await portal.app.inject({ url: '/openapi.json', headers: { host: 'localhost' } });
  await portal.close();
  return response.json<Document>();
}

function collectRefs(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => (key === '$ref' && typeof inner === 'string' ? [inner] : collectRefs(inner)));
}

describe('/openapi.json', () => {
  it('describes every endpoint that the documents name', async () => {
    const { openapi, paths } = await load();
    expect(openapi).toBe('3.1.0');
    const found = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(found).toEqual(
      expect.arrayContaining([
        'GET /api/v1/health',
        'GET /api/v1/queue/stats',
        'POST /api/v1/background-refresh/invalidate',
        'POST /api/v1/circuit-breaker/reset',
        'GET /api/v1/servers',
        'POST /api/v1/servers',
        'PUT /api/v1/servers/{server_id}',
        'DELETE /api/v1/servers/{server_id}',
        'POST /api/v1/servers/{server_id}/test',
        'GET /api/v1/servers/{server_id}/stats',
        'GET /api/v1/servers/{server_id}/vms',
        'GET /api/v1/vms',
        'POST /api/v1/servers/{server_id}/vms/{moid}/console',
        'POST /api/v1/vms/{moid}/console',
        'GET /api/v1/servers/{server_id}/vms/{moid}/thumbnail',
        'GET /api/v1/vms/{moid}/thumbnail',
        'GET /api/v1/servers/{server_id}/thumbnails/hashes',
        'POST /api/v1/servers/{server_id}/vms/{moid}/power',
        'GET /api/v1/operations',
        'GET /api/v1/events',
        'GET /api/v1/snapshot',
        'POST /api/v1/session',
        'POST /api/v1/setup',
        'GET /metrics',
        'GET /healthz',
        'GET /readyz',
      ]),
    );
  });

  it('names every operation once and every part of each path', async () => {
    const { paths } = await load();
    const ids = Object.values(paths).flatMap((methods) => Object.values(methods).map((operation) => operation.operationId));
    expect(new Set(ids).size).toBe(ids.length);
    for (const [path, methods] of Object.entries(paths)) {
      const names = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '');
      for (const operation of Object.values(methods)) {
        const own = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path');
        expect(own.map((parameter) => parameter.name).toSorted((left, right) => (left < right ? -1 : 1))).toEqual(
          names.toSorted((left, right) => (left < right ? -1 : 1)),
        );
        expect(own.every((parameter) => parameter.required)).toBe(true);
        expect(Object.keys(operation.responses)).toContain('default');
      }
    }
  });

  it('leads every reference to a schema that is there', async () => {
    const document = await load();
    const refs = collectRefs(document);
    expect(refs.length).toBeGreaterThan(20);
    for (const ref of refs) expect(Object.keys(document.components.schemas)).toContain(ref.replace('#/components/schemas/', ''));
  });

  it('tells input from output, and what may be left out', async () => {
    const { paths, components } = await load();
    expect(components.schemas['ServerCreate']).toMatchObject({ required: ['name', 'host', 'user', 'password'] });
    expect(components.schemas['Server']?.properties).not.toHaveProperty('password');
    expect(components.schemas['MachineList']?.properties?.['vms']).toEqual({
      type: 'array',
      items: { $ref: '#/components/schemas/Machine' },
    });
    expect(paths['/api/v1/servers']?.['post']?.requestBody).toMatchObject({ required: true });
    expect(paths['/api/v1/circuit-breaker/reset']?.['post']?.requestBody).toMatchObject({ required: false });
    expect(paths['/api/v1/health']?.['get']?.security).toEqual([]);
    expect(paths['/api/v1/servers']?.['get']?.security).toHaveLength(2);
  });
});

describe('/docs', () => {
  it('is a page with its parts from here and nothing inline', async () => {
    const { portal } = createTestPortal();
    const [page, style, script] = await Promise.all(
      ['/docs', '/docs/docs.css', '/docs/docs.mjs'].map((url) => portal.app.inject({ url, headers: { host: 'localhost' } })),
    );
    await portal.close();
    expect(page?.headers['content-type']).toMatch(/^text\/html/);
    expect(style?.headers['content-type']).toMatch(/^text\/css/);
    expect(script?.headers['content-type']).toMatch(/^text\/javascript/);
    expect(page?.body).not.toMatch(/<style|<script>|\son\w+=|https?:\/\//);
    expect(script?.body).not.toMatch(/innerHTML|eval\(/);
  });
});
