import type { Access } from '@breakwater/access';
import { tokenCreatedSchema, tokenCreateSchema, tokenListSchema } from '@breakwater/contract';
import { idParams } from '../http/request-parts.ts';
import { defineRoute, type Route } from '../http/route.ts';

export const createTokenRoutes = ({ access }: { readonly access: Access }): readonly Route[] => [
  defineRoute({
    method: 'GET',
    path: '/api/v1/tokens',
    id: 'listTokens',
    tag: 'Access',
    summary: 'All API tokens, without what makes them secret',
    permission: 'administer',
    answers: { 200: { description: 'Oldest first.', schema: tokenListSchema } },
    handle: () => access.tokens(),
  }),
  defineRoute({
    method: 'POST',
    path: '/api/v1/tokens',
    id: 'createToken',
    tag: 'Access',
    summary: 'Make an API token',
    permission: 'administer',
    body: tokenCreateSchema,
    answers: { 201: { description: 'The token itself is in this answer and nowhere else.', schema: tokenCreatedSchema } },
    handle: async ({ body }) => {
      const { token, secret } = await access.createToken({ name: body.name, role: body.role, expiresInDays: body.expires_in_days });
      return { ...token, token: secret.reveal() };
    },
  }),
  defineRoute({
    method: 'DELETE',
    path: '/api/v1/tokens/{id}',
    id: 'removeToken',
    tag: 'Access',
    summary: 'Remove an API token; it stops working at once',
    permission: 'administer',
    params: idParams,
    answers: { 204: { description: 'Removed.' } },
    problems: ['ACCESS_TOKEN_UNKNOWN'],
    handle: ({ params }) => access.removeToken(params.id),
  }),
];
