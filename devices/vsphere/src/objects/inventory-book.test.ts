import { describe, expect, it } from 'vitest';
import { InventoryBook } from './inventory-book.ts';

const machine = (moid: string) => ({ type: 'VirtualMachine', value: moid }) as const;

describe('InventoryBook', () => {
  it('does not let a server fill the memory with objects that keep coming', () => {
    const book = new InventoryBook();
    const fill = (type: string): void => {
      for (let index = 0; index < 150_000; index++) book.assign({ type, value: String(index) }, { name: 'x' });
    };
    fill('VirtualMachine');
    fill('VirtualMachine');
    expect(() => fill('HostSystem')).toThrow(expect.objectContaining({ code: 'VSPHERE_ANSWER_TOO_LARGE' }));
  });

  it('keeps of a known machine what is watched and nothing else, whatever it is told', () => {
    const book = new InventoryBook();
    book.assign(machine('1'), { name: 'a' });
    book.assign(machine('1'), { 'guest.ipAddress': '10.0.0.1', 'made.up': 'x' });
    expect(book.properties('1')).toEqual({ name: 'a', 'guest.ipAddress': '10.0.0.1' });
  });
});
