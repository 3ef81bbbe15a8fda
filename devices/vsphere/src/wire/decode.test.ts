import { readdirSync, readFileSync } from 'node:fs';
import { type Clock, createSeededRandom, ManualClock, systemClock } from '@breakwater/kernel';
import { describe, expect, it } from 'vitest';
import type { MethodName } from '../schema/index.ts';
import { type Codec, createCodec } from './codec.ts';
import type { Reply } from './envelope-sink.ts';
import type { WireLimits } from './limits.ts';
import { WireError } from './wire-error.ts';
import { WorkSlicer } from './work-slicer.ts';

const FIXTURES = new URL('./fixtures/', import.meta.url);
const readFixture = (name: string): Buffer => readFileSync(new URL(name, FIXTURES));

async function* toChunks(...pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces;
}

function makeCodec(limits: Partial<WireLimits> = {}): Codec {
  return createCodec({ limits, slicer: new WorkSlicer({ clock: new ManualClock(), yieldTurn: () => Promise.resolve() }) });
}

function decode(method: MethodName, body: Uint8Array | string, limits: Partial<WireLimits> = {}): Promise<Reply> {
  return makeCodec(limits).decodeReply(method, toChunks(Buffer.from(body)));
}

const envelope = (body: string): string =>
  `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><s:Body>${body}</s:Body></s:Envelope>`;
const timeReply = (inner: string): string => envelope(`<CurrentTimeResponse xmlns="urn:vim25">${inner}</CurrentTimeResponse>`);

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'resolved';
  } catch (error) {
    return error instanceof WireError ? error.code : `not a WireError: ${String(error)}`;
  }
}

const MACHINE = {
  token: '0',
  objects: [
    {
      obj: { type: 'VirtualMachine', value: '12' },
      propSet: [
        { name: 'config.hardware.memoryMB', val: 4096 },
        { name: 'config.template', val: false },
        {
          name: 'guest.net',
          val: [
            {
              $type: 'GuestNicInfo',
              network: 'VM Network',
              ipAddress: ['10.0.0.21', 'fe80::250:56ff:fe12:3456'],
              macAddress: '00:50:56:12:34:56',
              connected: true,
              deviceConfigId: 4000,
              ipConfig: { ipAddress: [{ ipAddress: '10.0.0.21', prefixLength: 24, state: 'preferred' }] },
            },
          ],
        },
        { name: 'name', val: 'Сервер <script> %2f 🚀\nдва' },
        { name: 'runtime.host', val: { type: 'HostSystem', value: 'ha-host' } },
        { name: 'runtime.powerState', val: 'poweredOn' },
        {
          name: 'summary.storage',
          val: {
            $type: 'VirtualMachineStorageSummary',
            committed: 9_007_199_254_740_991,
            uncommitted: 0,
            unshared: 0,
            timestamp: '2026-01-01T00:00:00.123456Z',
          },
        },
      ],
    },
  ],
};

describe('decodeReply', () => {
  it('reads typed values, keeps lists of one as lists and ignores fields it does not know', async () => {
    expect(await decode('RetrievePropertiesEx', readFixture('retrieve-esxi.xml'))).toEqual({ kind: 'result', value: MACHINE });
  });

  it('reads the same whatever prefixes, quotes, comments and CDATA the server uses', async () => {
    expect(await decode('RetrievePropertiesEx', readFixture('retrieve-other-prefixes.xml'))).toEqual({ kind: 'result', value: MACHINE });
  });

  it('reads updates: order, unset values, polymorphic choices', async () => {
    const reply = await decode('WaitForUpdatesEx', readFixture('updates.xml'));
    expect(reply).toMatchObject({
      kind: 'result',
      value: {
        version: '7',
        truncated: true,
        filterSet: [
          {
            objectSet: [
              { kind: 'enter', obj: { value: '15' } },
              {
                kind: 'modify',
                changeSet: [
                  { name: 'runtime.question', val: { id: '4', choice: { choiceInfo: [{ key: '0' }, { key: '2' }], defaultIndex: 1 } } },
                  { name: 'guest.ipAddress', op: 'assign' },
                ],
              },
              { kind: 'leave', obj: { value: '14' } },
            ],
          },
        ],
      },
    });
  });

  it('names a fault by its xsi:type and gives its fields', async () => {
    expect(await decode('PowerOffVM_Task', readFixture('fault-invalid-power-state.xml'))).toEqual({
      kind: 'fault',
      fault: {
        type: 'InvalidPowerState',
        message: 'The attempted operation cannot be performed in the current state (Powered off).',
        detail: { $type: 'InvalidPowerState', requestedState: 'poweredOff', existingState: 'poweredOff' },
      },
    });
  });

  it('names a fault without xsi:type by its element, and keeps the plain fields of one it does not know', async () => {
    const body = envelope(
      '<s:Fault><faultstring>busy</faultstring><detail><VimSessionOverLoadFault xmlns="urn:vim25"><limit>100</limit><inner><x>1</x></inner></VimSessionOverLoadFault></detail></s:Fault>',
    );
    expect(await decode('CurrentTime', body)).toEqual({
      kind: 'fault',
      fault: { type: 'VimSessionOverLoad', message: 'busy', detail: { $type: 'VimSessionOverLoad', limit: '100' } },
    });
  });

  it('reads an answer without value as undefined, and an absent list as empty', async () => {
    expect(await decode('CurrentTime', timeReply(''))).toEqual({ kind: 'result', value: undefined });
    expect(await decode('CurrentTime', timeReply('<returnval xsi:nil="true"/>'))).toEqual({ kind: 'result', value: undefined });
    expect(await decode('QueryPerf', envelope('<QueryPerfResponse xmlns="urn:vim25"/>'))).toEqual({ kind: 'result', value: [] });
  });

  it('does not let the server change the type of a field that the schema fixes', async () => {
    const body = envelope(
      '<WaitForUpdatesExResponse xmlns="urn:vim25"><returnval><version xsi:type="ManagedObjectReference" type="x">3</version><truncated xsi:type="string">true</truncated></returnval></WaitForUpdatesExResponse>',
    );
    expect(await decode('WaitForUpdatesEx', body)).toEqual({ kind: 'result', value: { version: '3', truncated: true } });
  });

  it('cannot be used to reach the prototype of an object', async () => {
    const body = envelope(
      '<s:Fault><detail><XFault xmlns="urn:vim25"><__proto__>polluted</__proto__><constructor>c</constructor></XFault></detail></s:Fault>',
    );
    const reply = await decode('CurrentTime', body);
    const detail = reply.kind === 'fault' ? reply.fault.detail : {};
    expect(Object.getPrototypeOf(detail)).toBe(Object.prototype);
    expect(Object.keys(detail)).toEqual(['$type', 'constructor']);
  });

  it.each([
    ['nothing at all', ''],
    ['white space', ' \n '],
    ['plain text', 'Service Unavailable'],
    ['an HTML page', '<!DOCTYPE html><html><head><title>503</title></head><body></body></html>'],
    ['a document type', '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'],
    ['an entity bomb', `<!DOCTYPE l [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>${timeReply('<returnval>&b;</returnval>')}`],
    ['an unknown entity', timeReply('<returnval>&nbsp;</returnval>')],
    ['a bare ampersand', timeReply('<returnval>a & b</returnval>')],
    ['a numeric entity that is no character', timeReply('<returnval>&#xD800;</returnval>')],
    ['an answer cut off', timeReply('<returnval>2026</returnval>').slice(0, -20)],
    ['an answer cut inside a tag', timeReply('<returnval>2026</returnval>').slice(0, 60)],
    ['wrong nesting', timeReply('<returnval><a></b></returnval>')],
    ['a second root', `${timeReply('')}<more/>`],
    ['text after the end', `${timeReply('')}text`],
    ['an unbound prefix', timeReply('<q:returnval>1</q:returnval>')],
    ['the same attribute twice', timeReply('<returnval a="1" a="2"/>')],
    ['an attribute without quotes', timeReply('<returnval a=1/>')],
    ['a tag inside a tag', timeReply('<returnval <a>/>')],
    ['UTF-16', Buffer.from(`\ufeff${timeReply('')}`, 'utf16le')],
    ['another encoding', `<?xml version="1.0" encoding="ISO-8859-1"?>${timeReply('')}`],
    ['gzip that nobody undid', Buffer.from([0x1f, 0x8b, 0x08, 0, 0, 0])],
  ])('refuses %s as no XML', async (_, body) => {
    expect(await codeOf(decode('CurrentTime', body))).toBe('VSPHERE_NOT_XML');
  });

  it.each([
    ['another document', '<rss/>'],
    ['a page that happens to be well-formed', '<html><body>x</body></html>'],
    ['an envelope of another namespace', '<Envelope><Body/></Envelope>'],
    ['an empty envelope', envelope('').replace('<s:Body></s:Body>', '')],
    ['an empty body', envelope('')],
    ['the answer to another call', envelope('<LoginResponse xmlns="urn:vim25"/>')],
  ])('refuses %s as no answer', async (_, body) => {
    expect(await codeOf(decode('CurrentTime', body))).toBe('VSPHERE_NOT_SOAP');
  });

  it.each([
    ['total size', { totalBytes: 1_000 }, timeReply(`<returnval>${'x'.repeat(1_000)}</returnval>`)],
    ['depth', { depth: 10 }, timeReply(`${'<a>'.repeat(20)}${'</a>'.repeat(20)}`)],
    ['number of elements', { elements: 50 }, timeReply('<a/>'.repeat(60))],
    ['length of a tag', { tagBytes: 300 }, timeReply(`<a b="${'x'.repeat(400)}"/>`)],
    ['length of an unfinished tag', { tagBytes: 300 }, `<a b="${'x'.repeat(400)}`],
    ['length of a text', { textBytes: 100 }, timeReply(`<returnval>${'x'.repeat(200)}</returnval>`)],
    ['length of an unfinished text', { textBytes: 100 }, timeReply(`<returnval>${'x'.repeat(200)}`).slice(0, -80)],
    ['text in pieces', { textBytes: 100 }, timeReply(`<returnval>${'<![CDATA[xxxxxxxxxx]]>'.repeat(20)}</returnval>`)],
    ['length of a comment', { textBytes: 100 }, timeReply(`<!--${'x'.repeat(200)}-->`)],
    ['name length', { nameBytes: 100 }, timeReply(`<${'x'.repeat(200)}/>`)],
    ['attributes', { attributes: 4 }, timeReply('<a a="" b="" c="" d="" e=""/>')],
  ])('stops at its limit of %s', async (_, limits, body) => {
    expect(await codeOf(decode('CurrentTime', body, limits))).toBe('VSPHERE_ANSWER_TOO_LARGE');
  });

  it('refuses a number that is none', async () => {
    const body = readFixture('retrieve-esxi.xml').toString('utf8').replace('>4096<', '>many<');
    expect(await codeOf(decode('RetrievePropertiesEx', body))).toBe('VSPHERE_VALUE_INVALID');
  });

  it('gives the same result however the bytes are cut', async () => {
    const random = createSeededRandom(1);
    for (const [name, method] of [
      ['retrieve-esxi.xml', 'RetrievePropertiesEx'],
      ['retrieve-other-prefixes.xml', 'RetrievePropertiesEx'],
      ['updates.xml', 'WaitForUpdatesEx'],
      ['fault-invalid-power-state.xml', 'PowerOffVM_Task'],
    ] as const) {
      const bytes = readFixture(name);
      const whole = await decode(method, bytes);
      const codec = makeCodec();
      const single = await codec.decodeReply(method, toChunks(...Array.from(bytes, (byte) => Uint8Array.of(byte))));
      expect(single).toEqual(whole);
      for (let round = 0; round < 40; round++) {
        const pieces: Uint8Array[] = [];
        for (let at = 0; at < bytes.length; ) {
          const length = 1 + Math.floor(random() ** 3 * 400);
          pieces.push(bytes.subarray(at, at + length));
          at += length;
        }
        expect(await codec.decodeReply(method, toChunks(...pieces))).toEqual(whole);
      }
    }
  });

  it('puts what a digest keeps in the place of each struct of its type, in order and however the bytes are cut', async () => {
    const random = createSeededRandom(2);
    for (const [name, method, type] of [
      ['retrieve-esxi.xml', 'RetrievePropertiesEx', 'ObjectContent'],
      ['retrieve-other-prefixes.xml', 'RetrievePropertiesEx', 'ObjectContent'],
      ['updates.xml', 'WaitForUpdatesEx', 'ObjectUpdate'],
    ] as const) {
      const bytes = readFixture(name);
      const whole = await decode(method, bytes);
      const codec = makeCodec();
      for (let round = 0; round < 40; round++) {
        const pieces: Uint8Array[] = [];
        for (let at = 0; at < bytes.length; ) {
          const length = round === 0 ? 1 : 1 + Math.floor(random() ** 3 * 400);
          pieces.push(bytes.subarray(at, at + length));
          at += length;
        }
        const seen: unknown[] = [];
        const digest = { type, toKept: (struct: unknown) => ({ place: seen.push(struct) - 1 }) };
        const digested = await codec.decodeReply(method, toChunks(...pieces), { digest });
        expect(seen.length).toBeGreaterThan(0);
        const restored: unknown = JSON.parse(JSON.stringify(digested), (_, value: unknown) =>
          typeof value === 'object' && value !== null && 'place' in value ? seen[Number(value.place)] : value,
        );
        expect(restored).toEqual(whole);
      }
    }
  });

  it('is not misled by an answer that begins like the ones before', async () => {
    const known = '<returnval xsi:type="xsd:string">1</returnval>';
    const plain = '<returnval>1</returnval>';
    const others = [
      '<returnvax>1</returnvax>',
      '<returnval xsi:type="xsd:string" xsi:nil="true">1</returnval>',
      '<returnval xsi:type="xsd:string"/>',
      '<returnval xsi:type="xsd:strin">2</returnval>',
      '<returnval xsi:nil="true">1</returnval>',
      '<returnval  xsi:type="xsd:string">3</returnval>',
      '<other xsi:type="xsd:string">1</other>',
    ];
    const codec = makeCodec();
    for (const other of others) {
      for (const before of [known, known, plain, plain]) await codec.decodeReply('CurrentTime', toChunks(Buffer.from(timeReply(before))));
      const bytes = Buffer.from(timeReply(other));
      expect(await codec.decodeReply('CurrentTime', toChunks(bytes))).toEqual(await decode('CurrentTime', bytes));
    }
  });

  it('never throws anything but its own error, whatever is done to the bytes', async () => {
    const random = createSeededRandom(7);
    const codec = makeCodec();
    const originals = readdirSync(FIXTURES).map(readFixture);
    const alphabet = Buffer.from('<>/&;"\'= !-[]?x:\u0000\u00ff');
    for (let round = 0; round < 3_000; round++) {
      const original = originals[Math.floor(random() * originals.length)] as Buffer;
      const bytes = Buffer.from(original);
      for (let change = 0; change <= random() * 6; change++) {
        bytes[Math.floor(random() * bytes.length)] = alphabet[Math.floor(random() * alphabet.length)] as number;
      }
      const end = random() < 0.3 ? Math.floor(random() * bytes.length) : bytes.length;
      const method = random() < 0.5 ? 'RetrievePropertiesEx' : 'WaitForUpdatesEx';
      expect(await codeOf(codec.decodeReply(method, toChunks(bytes.subarray(0, end))))).not.toContain('not a WireError');
    }
  });

  it('rests after every 64 KB, and earlier when the bytes take long', async () => {
    let rests = 0;
    const count = (clock: Clock): Promise<void> => {
      rests = 0;
      const slicer = new WorkSlicer({
        clock,
        yieldTurn: () => {
          rests++;
          return Promise.resolve();
        },
      });
      return createCodec({ slicer })
        .decodeReply('CurrentTime', toChunks(bytes))
        .then(() => undefined);
    };
    const bytes = Buffer.from(timeReply(`<returnval>${'<a/>'.repeat(200_000)}</returnval>`));
    await count(new ManualClock());
    expect(rests).toBe(Math.floor(bytes.length / 65_536));
    let now = 0;
    await count({ ...systemClock, now: () => (now += 1) });
    expect(rests).toBeGreaterThan((bytes.length / 65_536) * 3);
  });

  it('takes time in proportion to the bytes, also when they come one by one', async () => {
    const bytes = Buffer.from(timeReply(`<returnval>${'x'.repeat(300_000)}</returnval>`));
    const single = async function* single(): AsyncGenerator<Uint8Array> {
      for (const byte of bytes) yield Uint8Array.of(byte);
    };
    const reply = await makeCodec().decodeReply('CurrentTime', single());
    expect(reply.kind === 'result' && reply.value).toHaveLength(300_000);
  });
});

describe('decodeVersions', () => {
  it('lists the versions of the vim25 namespace only, the newest first', async () => {
    const body =
      '<?xml version="1.0"?><namespaces version="1.0"><namespace><name>urn:other</name><version>1</version></namespace><namespace><name>urn:vim25</name><version>8.0.2.0</version><priorVersions><version>8.0.1.0</version><version>7.0</version></priorVersions></namespace></namespaces>';
    expect(await makeCodec().decodeVersions(toChunks(Buffer.from(body)))).toEqual(['8.0.2.0', '8.0.1.0', '7.0']);
  });

  it('refuses anything else', async () => {
    expect(await codeOf(makeCodec().decodeVersions(toChunks(Buffer.from('<html/>'))))).toBe('VSPHERE_NOT_SOAP');
    const many = `<namespaces><namespace>${'<version>1</version>'.repeat(300)}</namespace></namespaces>`;
    expect(await codeOf(makeCodec().decodeVersions(toChunks(Buffer.from(many))))).toBe('VSPHERE_NOT_SOAP');
    const often = `<namespaces>${'<namespace><name>urn:vim25</name><version>1</version></namespace>'.repeat(300)}</namespaces>`;
    expect(await codeOf(makeCodec().decodeVersions(toChunks(Buffer.from(often))))).toBe('VSPHERE_NOT_SOAP');
  });
});
