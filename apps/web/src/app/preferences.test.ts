import { ManualClock } from '@breakwater/kernel';
import { describe, expect, it } from 'vitest';
import { ratePassword } from '../access/password-strength.ts';
import { isOwnPath } from '../access/use-enter.ts';
import { toApiError } from '../api/api-error.ts';
import { readBasePath } from '../api/base-path.ts';
import { needsConfirmation, toVerb, toVerbChoices } from '../operations/power-verbs.ts';
import { buildMachine } from '../testing/build-fleet.ts';
import { parseMachinesSearch } from './machines-search.ts';
import { createNoticeBoard } from './notices.ts';
import { createPreferenceStore, parsePreferences } from './preferences.ts';

describe('preferences', () => {
  it('survive nonsense in the storage', () => {
    for (const text of [null, '', '{', '[]', '7', '{"theme":"pink","language":"xx","density":5}']) {
      expect(parsePreferences(text, 'ru'), String(text)).toEqual({
        theme: 'system',
        language: 'ru',
        density: 'medium',
        view: 'grid',
        shortcuts: 'on',
      });
    }
  });

  it('are kept, and told to listeners', () => {
    const kept = new Map<string, string>();
    const storage = { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => void kept.set(key, value) };
    const store = createPreferenceStore({ storage, languages: ['en'] });
    let calls = 0;
    store.subscribe(() => {
      calls += 1;
    });
    store.change({ theme: 'dark' });
    expect(calls).toBe(1);
    expect(createPreferenceStore({ storage, languages: ['en'] }).read().theme).toBe('dark');
  });
});

describe('the notice board', () => {
  it('merges announcements that come close together', async () => {
    const clock = new ManualClock();
    const board = createNoticeBoard(clock);
    board.announce('esx-01 unreachable.');
    board.announce('esx-02 slow.');
    board.announce('esx-03 live.');
    expect(board.spoken()).toBe('esx-01 unreachable.');
    await clock.advance(5_000);
    expect(board.spoken()).toBe('esx-02 slow. esx-03 live.');
  });

  it('takes messages away after a while, errors later', async () => {
    const clock = new ManualClock();
    const board = createNoticeBoard(clock);
    board.show({ kind: 'info', text: 'a' });
    board.show({ kind: 'error', text: 'b' });
    await clock.advance(8_000);
    expect(board.notices().map((notice) => notice.text)).toEqual(['b']);
    await clock.advance(12_000);
    expect(board.notices()).toEqual([]);
  });
});

describe('addresses', () => {
  it('give a page its filters and nothing that makes no sense', () => {
    expect(parseMachinesSearch({ q: 7, state: ['poweredOn', 'x'], sort: 'cpu', server: 3 })).toEqual({
      q: '7',
      state: ['poweredOn'],
      server: '',
      sort: 'cpu',
    });
    expect(parseMachinesSearch({ state: 'poweredOff,suspended', sort: '__proto__' })).toMatchObject({
      state: ['poweredOff', 'suspended'],
      sort: 'name',
    });
  });

  it('know the folder the portal lives in', () => {
    expect(readBasePath('https://x.test/')).toBe('');
    expect(readBasePath('https://x.test/vm/')).toBe('/vm');
  });

  it('never lead from sign-in to another site', () => {
    expect(isOwnPath('/servers?x=1')).toBe(true);
    for (const path of ['//evil.test', '/\\evil.test', 'https://evil.test', 'javascript:alert(1)', undefined])
      expect(isOwnPath(path)).toBe(false);
  });
});

describe('errors of the portal', () => {
  it('keep code, parameters and reference, and survive foreign answers', () => {
    const error = toApiError(409, { code: 'FLEET_MACHINE_OFF', detail: 'off', request_id: 'r1', details: { a: 1 } }, '3');
    expect(error).toMatchObject({ status: 409, code: 'FLEET_MACHINE_OFF', requestId: 'r1', retryAfterMs: 3_000 });
    for (const body of ['<html>', null, undefined, { code: 7 }]) expect(toApiError(502, body, 'soon').code).toBe('WEB_ANSWER_UNREADABLE');
  });
});

describe('power verbs', () => {
  it('offer what fits the state, and ask before anything that could lose something', () => {
    expect(toVerbChoices(buildMachine({ power_state: 'poweredOff' }))).toEqual([{ verb: 'power_on', isPossible: true }]);
    expect(toVerbChoices(buildMachine({ power_state: 'poweredOff', is_template: true }))).toEqual([
      { verb: 'power_on', isPossible: false },
    ]);
    const withoutTools = toVerbChoices(buildMachine({ tools: 'not_installed' }));
    expect(withoutTools.find((choice) => choice.verb === 'shut_down_guest')?.isPossible).toBe(false);
    expect(withoutTools.find((choice) => choice.verb === 'power_off')?.isPossible).toBe(true);
    expect(needsConfirmation('power_on')).toBe(false);
    expect(needsConfirmation('shut_down_guest')).toBe(true);
  });

  it('are read from an operation', () => {
    expect([toVerb('machine.power_off'), toVerb('power_on'), toVerb('server.trust')]).toEqual(['power_off', 'power_on', null]);
  });
});

describe('password strength', () => {
  it('counts length, not repetition', () => {
    expect([ratePassword('short'), ratePassword('aaaaaaaaaaaaaaaaaaaa'), ratePassword('correct horse battery staple')]).toEqual([
      'weak',
      'weak',
      'strong',
    ]);
  });
});
