import { createSeededRandom, ManualClock } from '@breakwater/kernel';
import { describe, expect, it } from 'vitest';
import { type Arguments, DATA_TYPES, type DataType, type Field } from '../schema/index.ts';
import { createCodec } from './codec.ts';
import { encodeCall } from './encode.ts';
import { WireError } from './wire-error.ts';
import { WorkSlicer } from './work-slicer.ts';

const COLLECTOR = { type: 'PropertyCollector', value: 'ha-property-collector' };
const MACHINE = { type: 'VirtualMachine', value: '12' };
const bodyOf = (xml: string): string => /<soapenv:Body>(.*)<\/soapenv:Body>/s.exec(xml)?.[1] ?? '';
const refused = (act: () => unknown): unknown => {
  try {
    act();
    return undefined;
  } catch (error) {
    return error instanceof WireError ? error.message : error;
  }
};

describe('encodeCall', () => {
  it('writes elements in schema order, whatever the order of the keys', () => {
    const xml = encodeCall({
      method: 'CreateFilter',
      self: COLLECTOR,
      args: {
        partialUpdates: false,
        spec: {
          objectSet: [
            {
              selectSet: [{ skip: false, path: 'view', type: 'ContainerView', name: 'v', $type: 'TraversalSpec' }],
              skip: true,
              obj: { type: 'ContainerView', value: 'session[1]v' },
            },
          ],
          propSet: [{ pathSet: ['name', 'runtime.powerState'], type: 'VirtualMachine' }],
        },
      },
    });
    expect(bodyOf(xml)).toBe(
      '<CreateFilter xmlns="urn:vim25"><_this type="PropertyCollector">ha-property-collector</_this>' +
        '<spec><propSet><type>VirtualMachine</type><pathSet>name</pathSet><pathSet>runtime.powerState</pathSet></propSet>' +
        '<objectSet><obj type="ContainerView">session[1]v</obj><skip>true</skip>' +
        '<selectSet xsi:type="TraversalSpec"><name>v</name><type>ContainerView</type><path>view</path><skip>false</skip></selectSet>' +
        '</objectSet></spec><partialUpdates>false</partialUpdates></CreateFilter>',
    );
  });

  it('leaves out what is optional and empty, and keeps what is required and empty', () => {
    const xml = encodeCall({
      method: 'ReconfigVM_Task',
      self: MACHINE,
      args: { spec: { name: '', annotation: undefined, files: {}, extraConfig: [{ key: 'guestinfo.x', value: '' }] } },
    });
    expect(bodyOf(xml)).toContain('<spec><extraConfig><key>guestinfo.x</key><value xsi:type="xsd:string"></value></extraConfig></spec>');
    expect(bodyOf(encodeCall({ method: 'WaitForUpdatesEx', self: COLLECTOR, args: { version: '' } }))).toBe(
      '<WaitForUpdatesEx xmlns="urn:vim25"><_this type="PropertyCollector">ha-property-collector</_this></WaitForUpdatesEx>',
    );
  });

  it('names the type of every value that may be anything', () => {
    const values = [true, 7, 3_000_000_000, 0.5, { type: 'HostSystem', value: 'h' }, { $type: 'OptionValue', key: 'k', value: 'v' }];
    const xml = encodeCall({
      method: 'ReconfigVM_Task',
      self: MACHINE,
      args: { spec: { extraConfig: values.map((value) => ({ key: 'k', value })) } },
    });
    expect([...xml.matchAll(/<value ([^>]*)>/g)].map((match) => match[1])).toEqual([
      'xsi:type="xsd:boolean"',
      'xsi:type="xsd:int"',
      'xsi:type="xsd:long"',
      'xsi:type="xsd:double"',
      'xsi:type="ManagedObjectReference" type="HostSystem"',
      'xsi:type="OptionValue"',
      'xsi:type="xsd:string"',
    ]);
  });

  it('escapes what users and servers write into names', () => {
    const xml = encodeCall({
      method: 'Rename_Task',
      self: { type: 'VirtualMachine', value: `a<"&'>` },
      args: { newName: '</newName><script>\r\n&amp;' },
    });
    expect(bodyOf(xml)).toContain('<_this type="VirtualMachine">a&lt;"&amp;\'&gt;</_this>');
    expect(bodyOf(xml)).toContain('<newName>&lt;/newName&gt;&lt;script&gt;&#13;\n&amp;amp;</newName>');
  });

  it('puts the operation id into the header, for the log of the server', () => {
    expect(
      encodeCall({ method: 'CurrentTime', self: { type: 'ServiceInstance', value: 'ServiceInstance' }, args: {}, operationId: 'b-1' }),
    ).toContain('<soapenv:Header><operationID xmlns="urn:vim25">b-1</operationID></soapenv:Header>');
  });

  it.each([
    ['a control character', { newName: 'a\u0000b' }],
    ['half a character', { newName: 'a\ud800' }],
    ['a missing argument', {}],
    ['a misspelt argument', { newName: 'a', newNmae: 'b' }],
    ['a number as text', { newName: 7 }],
  ])('refuses %s', (_, args) => {
    expect(
      refused(() => encodeCall({ method: 'Rename_Task', self: MACHINE, args: args as unknown as Arguments<'Rename_Task'> })),
    ).toBeTypeOf('string');
  });

  it('refuses a method of another type, a foreign subtype and an unknown enumeration value', () => {
    expect(refused(() => encodeCall({ method: 'PowerOnVM_Task', self: COLLECTOR, args: {} }))).toContain('no method');
    const selectSet = [{ $type: 'PropertySpec', type: 'x' }] as unknown as [];
    const spec = { propSet: [{ type: 'VirtualMachine' }], objectSet: [{ obj: MACHINE, selectSet }] };
    expect(refused(() => encodeCall({ method: 'CreateFilter', self: COLLECTOR, args: { spec, partialUpdates: false } }))).toContain(
      'SelectionSpec',
    );
  });

  it('reads back what it writes, for values of every type of the schema', async () => {
    const random = createSeededRandom(3);
    const codec = createCodec({ slicer: new WorkSlicer({ clock: new ManualClock() }) });
    for (const name of Object.keys(DATA_TYPES)) {
      const value = { $type: name, ...makeValue(name, { random, depth: 0 }) };
      const xml = encodeCall({ method: 'ReconfigVM_Task', self: MACHINE, args: { spec: { extraConfig: [{ key: 'k', value }] } } });
      const element = /<value (xsi:type=.*)<\/value><\/extraConfig>/s.exec(xml)?.[1] ?? '';
      const reply = `<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body><RetrievePropertiesExResponse xmlns="urn:vim25"><returnval><objects><obj type="a">b</obj><propSet><name>p</name><val ${element}</val></propSet></objects></returnval></RetrievePropertiesExResponse></soapenv:Body></soapenv:Envelope>`;
      const decoded = await codec.decodeReply(
        'RetrievePropertiesEx',
        (async function* chunks() {
          yield Buffer.from(reply);
        })(),
      );
      const result = decoded.kind === 'result' ? (decoded.value as { objects: { propSet: { val: unknown }[] }[] }) : undefined;
      expect(result?.objects[0]?.propSet[0]?.val).toEqual(value);
    }
  });
});

const types: Readonly<Record<string, DataType>> = DATA_TYPES;
const SAMPLES: Readonly<Record<string, readonly unknown[]>> = {
  boolean: [true, false],
  int: [0, -7, 2_147_483_647],
  long: [0, 9_007_199_254_740_991],
  short: [3],
  byte: [1],
  double: [0.25],
  float: [1.5],
  dateTime: ['2026-01-01T00:00:00Z'],
  anyType: ['text', true, 12],
  ManagedObjectReference: [{ type: 'Datastore', value: '10.0.0.5:/vol/x@y' }],
  VirtualMachinePowerState: ['suspended'],
  VirtualMachineConnectionState: ['orphaned'],
  VirtualMachineToolsStatus: ['toolsOk'],
  HostSystemConnectionState: ['notResponding'],
  HostSystemPowerState: ['standBy'],
  ManagedEntityStatus: ['green'],
  TaskInfoState: ['running'],
  ObjectUpdateKind: ['enter'],
  PropertyChangeOp: ['assign'],
  PerfSummaryType: ['average'],
  PerfStatsType: ['rate'],
};
const TEXTS = ['plain', 'Ünïcødé 🚀', '<&>"\'', ' spaced ', 'line\nbreak'];

interface Making {
  readonly random: () => number;
  readonly depth: number;
}

function makeValue(name: string, making: Making): Record<string, unknown> {
  const value: Record<string, unknown> = {};
  for (let type: string | undefined = name; type !== undefined; type = types[type]?.extends) {
    for (const field of types[type]?.fields ?? []) {
      const made = makeField(field, making);
      if (made !== undefined) value[field.name] = made;
    }
  }
  return value;
}

function makeField(field: Field, { random, depth }: Making): unknown {
  const isStruct = field.type in types;
  if (field.optional === true && (random() < 0.3 || (isStruct && depth > 2))) return undefined;
  const make = (): unknown => {
    if (isStruct) return depth > 6 ? {} : makeValue(field.type, { random, depth: depth + 1 });
    const samples = SAMPLES[field.type] ?? TEXTS;
    return samples[Math.floor(random() * samples.length)];
  };
  if (field.array === true) return Array.from({ length: 1 + Math.floor(random() * 3) }, make);
  const made = make();
  return field.optional === true && isStruct && Object.keys(made as object).length === 0 ? undefined : made;
}
