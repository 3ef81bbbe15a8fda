import { hostSetupCreateSchema } from '@breakwater/contract';
import { describe, expect, it } from 'vitest';
import { beginDraft, checkSetupDraft, repeatDraft, type SetupDraft, toSetupCreate } from './setup-draft.ts';

const machine = { server_id: 's1', moid: '1' };
const filled = (part: Partial<SetupDraft> = {}): SetupDraft => ({
  ...beginDraft({ guest_ip: '10.0.0.7' }),
  loginId: 'l1',
  profile: 'server',
  ...part,
});

describe('the wishes for a set-up', () => {
  it('begin with the address that the guest tells, and with nothing where it tells none', () => {
    expect(beginDraft({ guest_ip: '10.0.0.7' })).toMatchObject({ host: '10.0.0.7', port: '22' });
    expect(checkSetupDraft(beginDraft({ guest_ip: null }))).toEqual({ host: 'required', loginId: 'required', profile: 'nothing_chosen' });
  });

  it('are complete with a profile, or with a configuration alone', () => {
    expect(checkSetupDraft(filled())).toEqual({});
    expect(checkSetupDraft(filled({ profile: '', config: 'modules: {}' }))).toEqual({});
    expect(checkSetupDraft(filled({ profile: '', config: '  \n' }))).toEqual({ profile: 'nothing_chosen' });
  });

  it.each([['0'], ['65536'], ['22a'], ['-1'], ['']])('do not take %s for a port', (port) => {
    expect(checkSetupDraft(filled({ port }))).toEqual({ port: 'port_invalid' });
  });

  it('do not take an address with scheme, path or space', () => {
    for (const host of ['https://web-01', 'web-01/x', 'web 01'])
      expect(checkSetupDraft(filled({ host }))).toEqual({ host: 'host_invalid' });
  });

  it('become what the portal accepts', () => {
    const body = toSetupCreate(filled({ host: ' web-01.example ', port: ' 2222', bootWaitSeconds: 300 }), machine);
    expect(body).toMatchObject({ host: 'web-01.example', port: 2_222, profile: 'server', boot_wait_seconds: 300 });
    expect(hostSetupCreateSchema.parse(body)).toEqual(body);
    expect(toSetupCreate(filled({ profile: '', config: 'a: 1' }), machine).profile).toBeNull();
  });

  it('can be taken from an earlier set-up, without its wait', () => {
    const earlier = { host: 'h', port: 2_222, login_id: 'l2', profile: null, config: 'a: 1' };
    expect(repeatDraft(earlier)).toEqual({ host: 'h', port: '2222', loginId: 'l2', profile: '', config: 'a: 1', bootWaitSeconds: 0 });
  });
});
