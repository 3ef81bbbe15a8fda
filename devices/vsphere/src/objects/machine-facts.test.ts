import { describe, expect, it } from 'vitest';
import { toMachineFacts } from './machine-facts.ts';
import { decodeName, encodeName } from './names.ts';

const facts = (properties: Record<string, unknown>) =>
  toMachineFacts('12', properties, { hostNameOf: (moid) => (moid === 'host-9' ? 'esx9.lab.test' : null) });

const card = (addresses: readonly { readonly ipAddress: string; readonly state?: string }[]) => ({ ipConfig: { ipAddress: addresses } });

describe('toMachineFacts', () => {
  it('says all that a server says', () => {
    expect(
      facts({
        name: 'web%2f01 %5c 100%25',
        'runtime.powerState': 'poweredOn',
        'runtime.connectionState': 'connected',
        'runtime.host': { type: 'HostSystem', value: 'host-9' },
        'runtime.bootTime': '2026-01-01T00:00:00Z',
        'runtime.question': {
          id: '4',
          text: 'Moved or copied?',
          choice: {
            choiceInfo: [
              { key: '0', label: 'Cancel' },
              { key: '2', label: 'I Copied It' },
            ],
            defaultIndex: 1,
          },
        },
        'config.template': false,
        'config.guestFullName': 'Debian GNU/Linux 12 (64-bit)',
        'config.hardware.numCPU': 4,
        'config.hardware.memoryMB': 8192,
        'config.instanceUuid': '52aa',
        'config.annotation': 'note',
        'guest.ipAddress': '10.0.0.21',
        'guest.hostName': 'web01',
        'guest.net': [
          card([{ ipAddress: '10.0.0.21', state: 'preferred' }, { ipAddress: 'fe80::1' }]),
          card([{ ipAddress: '2001:db8::5' }]),
        ],
        'guest.toolsRunningStatus': 'guestToolsRunning',
        'guest.toolsVersionStatus2': 'guestToolsUnmanaged',
        'summary.storage': { committed: 100, uncommitted: 50 },
      }),
    ).toEqual({
      moid: '12',
      name: 'web/01 \\ 100%',
      powerState: 'poweredOn',
      guestOs: 'Debian GNU/Linux 12 (64-bit)',
      memoryMib: 8192,
      cpuCount: 4,
      guestIp: '10.0.0.21',
      ipAddresses: ['10.0.0.21', '2001:db8::5'],
      guestHostName: 'web01',
      hostName: 'esx9.lab.test',
      tools: 'running',
      isTemplate: false,
      isAccessible: true,
      instanceUuid: '52aa',
      annotation: 'note',
      bootTime: '2026-01-01T00:00:00Z',
      question: {
        id: '4',
        text: 'Moved or copied?',
        choices: [
          { key: '0', label: 'Cancel' },
          { key: '2', label: 'I Copied It' },
        ],
        defaultKey: '2',
      },
      diskUsedBytes: 100,
      diskTotalBytes: 150,
    });
  });

  it('works without any config, as a machine has whose files are out of reach', () => {
    expect(facts({ name: 'lost', 'runtime.powerState': 'poweredOff', 'runtime.connectionState': 'inaccessible' })).toMatchObject({
      name: 'lost',
      isAccessible: false,
      guestOs: null,
      memoryMib: null,
      cpuCount: null,
      tools: 'unknown',
      isTemplate: false,
      question: null,
      diskTotalBytes: null,
    });
  });

  it('works without anything, and takes a value of the wrong type for none', () => {
    expect(facts({}).name).toBe('12');
    const odd = facts({
      name: 7,
      'runtime.powerState': 'hibernating',
      'guest.net': 'x',
      'config.hardware.numCPU': '4',
      'runtime.question': 'x',
      'runtime.host': 'x',
    });
    expect(odd).toMatchObject({ name: '12', powerState: 'unknown', ipAddresses: [], cpuCount: null, question: null, hostName: null });
  });

  it('prefers addresses that others can use', () => {
    const deprecated = card([
      { ipAddress: '10.0.0.9', state: 'deprecated' },
      { ipAddress: '10.0.0.1', state: 'preferred' },
    ]);
    expect(facts({ 'guest.net': [deprecated], 'guest.ipAddress': '169.254.3.4' })).toMatchObject({
      guestIp: '10.0.0.1',
      ipAddresses: ['10.0.0.1'],
    });
    expect(facts({ 'guest.net': [{ ipAddress: ['169.254.1.1', '10.0.0.7'] }] })).toMatchObject({
      guestIp: '10.0.0.7',
      ipAddresses: ['10.0.0.7'],
    });
    expect(facts({ 'guest.ipAddress': '10.0.0.8' })).toMatchObject({ guestIp: '10.0.0.8', ipAddresses: ['10.0.0.8'] });
  });

  it.each([
    ['guestToolsRunning', 'guestToolsCurrent', 'running'],
    ['guestToolsExecutingScripts', 'guestToolsCurrent', 'running'],
    ['guestToolsNotRunning', 'guestToolsCurrent', 'not_running'],
    ['guestToolsNotRunning', 'guestToolsNotInstalled', 'not_installed'],
  ])('reads tools %s, %s as %s', (running, version, expected) => {
    expect(facts({ 'guest.toolsRunningStatus': running, 'guest.toolsVersionStatus2': version }).tools).toBe(expected);
  });
});

describe('names', () => {
  it('are decoded once and come back the same', () => {
    expect(decodeName('%252f')).toBe('%2f');
    for (const name of ['a/b', '100%', '%2f', 'back\\slash', 'plain', '<script>']) expect(decodeName(encodeName(name))).toBe(name);
  });
});
