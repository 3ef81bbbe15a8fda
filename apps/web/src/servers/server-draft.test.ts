import { serverCreateSchema, serverUpdateSchema } from '@breakwater/contract';
import { describe, expect, it } from 'vitest';
import { buildServer } from '../testing/build-fleet.ts';
import { checkDraft, needsPassword, needsProbe, toCreate, toDraft, toUpdate } from './server-draft.ts';

const filled = { ...toDraft(null), name: 'esx-01', host: '10.0.0.1', user: 'root', password: 'secret' };

describe('a server draft', () => {
  it('names every field that is missing or wrong', () => {
    expect(checkDraft(toDraft(null), null)).toEqual({ name: 'required', host: 'required', user: 'required', password: 'required' });
    expect(checkDraft({ ...filled, host: 'https://esx/', port: '70000', name: 'a\nb' }, null)).toEqual({
      host: 'invalid_host',
      port: 'invalid_port',
      name: 'invalid_name',
    });
    expect(checkDraft(filled, null)).toEqual({});
  });

  it('accepts what the portal accepts', () => {
    for (const host of ['esx-01.lab', '10.0.0.1', 'fe80::1', 'esx/1', 'a b', '']) {
      const ours = checkDraft({ ...filled, host }, null).host === undefined;
      expect(ours, host).toBe(serverCreateSchema.safeParse(toCreate({ ...filled, host }, null)).success);
    }
  });

  it('sends only what changed, and asks for the password when the address or account does', () => {
    const server = buildServer({ pinned_sha256: 'AA' });
    const draft = toDraft(server);
    expect(toUpdate(draft, { server, pinnedSha256: 'AA' })).toEqual({});
    expect(needsPassword(draft, server)).toBe(false);
    expect(needsPassword({ ...draft, host: 'other' }, server)).toBe(true);
    expect(needsPassword({ ...draft, user: 'other' }, server)).toBe(true);
    const update = toUpdate({ ...draft, name: 'new', password: 'x' }, { server, pinnedSha256: 'AA' });
    expect(update).toEqual({ name: 'new', password: 'x' });
    expect(serverUpdateSchema.safeParse(update).success).toBe(true);
  });

  it('looks at the certificate of every new address, unless an authority vouches for it', () => {
    const server = buildServer({ pinned_sha256: 'AA' });
    expect(needsProbe(toDraft(server), server)).toBe(false);
    expect(needsProbe({ ...toDraft(server), port: '8443' }, server)).toBe(true);
    expect(needsProbe({ ...toDraft(server), port: '8443', verifySsl: true }, server)).toBe(false);
    expect(needsProbe(filled, null)).toBe(true);
  });
});
