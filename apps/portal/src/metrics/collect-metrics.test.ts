import { expect, it } from 'vitest';
import { createTestPortal } from '../testing/test-portal.ts';

const read = async (options: Parameters<typeof createTestPortal>[0]): Promise<string> => {
  const test = createTestPortal(options);
  try {
    return (await test.portal.app.inject({ method: 'GET', url: '/metrics', headers: test.as('viewer') })).payload;
  } finally {
    await test.portal.close();
  }
};

it('shows whether breakers are shared with other portals, and says nothing of it where none are', async () => {
  const figures = { status: 'ok', instances: 3, notClosed: 2, droppedWrites: 1 } as const;
  const shared = await read({ sharedState: () => figures });
  const names = [
    'portal_shared_state_up 1',
    'portal_shared_state_instances 3',
    'portal_shared_breakers_not_closed 2',
    'portal_shared_state_dropped_total 1',
  ];
  for (const line of names) expect(shared).toContain(`\n${line}\n`);
  expect(await read({ sharedState: () => ({ ...figures, status: 'degraded' }) })).toContain('\nportal_shared_state_up 0\n');
  expect(await read({})).not.toContain('shared');
});
