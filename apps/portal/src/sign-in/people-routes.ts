import type { Access } from '@breakwater/access';
import { personCreateSchema, personListSchema, personSchema, personUpdateSchema } from '@breakwater/contract';
import { Secret } from '@breakwater/kernel';
import { idParams } from '../http/request-parts.ts';
import { defineRoute, type Route } from '../http/route.ts';

export const createPeopleRoutes = ({ access }: { readonly access: Access }): readonly Route[] => [
  defineRoute({
    method: 'GET',
    path: '/api/v1/people',
    id: 'listPeople',
    tag: 'Access',
    summary: 'All people',
    permission: 'administer',
    answers: { 200: { description: 'In the order in which they were added.', schema: personListSchema } },
    handle: () => access.people(),
  }),
  defineRoute({
    method: 'POST',
    path: '/api/v1/people',
    id: 'addPerson',
    tag: 'Access',
    summary: 'Add a person',
    permission: 'administer',
    body: personCreateSchema,
    answers: { 201: { description: 'Added.', schema: personSchema } },
    problems: ['ACCESS_USERNAME_TAKEN'],
    handle: ({ body }) => access.addPerson({ username: body.username, password: new Secret(body.password), role: body.role }),
  }),
  defineRoute({
    method: 'PATCH',
    path: '/api/v1/people/{id}',
    id: 'updatePerson',
    tag: 'Access',
    summary: "Change a person's role or password; a new password ends that person's sessions",
    permission: 'administer',
    params: idParams,
    body: personUpdateSchema,
    answers: { 200: { description: 'Changed.', schema: personSchema } },
    problems: ['ACCESS_PERSON_UNKNOWN', 'ACCESS_LAST_ADMINISTRATOR'],
    handle: ({ params, body }) =>
      access.updatePerson(params.id, { role: body.role, password: body.password === undefined ? undefined : new Secret(body.password) }),
  }),
  defineRoute({
    method: 'DELETE',
    path: '/api/v1/people/{id}',
    id: 'removePerson',
    tag: 'Access',
    summary: 'Remove a person and end that person’s sessions',
    permission: 'administer',
    params: idParams,
    answers: { 204: { description: 'Removed.' } },
    problems: ['ACCESS_PERSON_UNKNOWN', 'ACCESS_LAST_ADMINISTRATOR'],
    handle: ({ params }) => access.removePerson(params.id),
  }),
];
