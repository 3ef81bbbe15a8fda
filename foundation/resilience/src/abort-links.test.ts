import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { AbortLinks } from './abort-links.ts';

function createCall(name: string, heard: string[]) {
  return { onAborted: () => void heard.push(name) };
}

const countListeners = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;

describe('links to signals', () => {
  it('listen once for many calls, and tell those that are still there', () => {
    const links = new AbortLinks();
    const controller = new AbortController();
    const heard: string[] = [];
    const calls = ['a', 'b', 'c'].map((name) => createCall(name, heard));
    for (const call of calls) links.add(controller.signal, call);
    expect(countListeners(controller.signal)).toBe(1);
    links.remove(controller.signal, calls[1] ?? createCall('none', heard));
    controller.abort('gone');
    expect(heard).toEqual(['a', 'c']);
  });

  it('do not tell a call that another one has ended meanwhile', () => {
    const links = new AbortLinks();
    const controller = new AbortController();
    const heard: string[] = [];
    const second = createCall('second', heard);
    const first = {
      onAborted: () => {
        heard.push('first');
        links.remove(controller.signal, second);
      },
    };
    links.add(controller.signal, first);
    links.add(controller.signal, second);
    controller.abort();
    expect(heard).toEqual(['first']);
  });

  it('let go of signals that nobody uses any more', () => {
    const links = new AbortLinks();
    const signals = Array.from({ length: 100 }, () => new AbortController().signal);
    const call = createCall('call', []);
    for (const signal of signals) {
      links.add(signal, call);
      links.remove(signal, call);
    }
    expect(signals.filter((signal) => countListeners(signal) > 0)).toHaveLength(8);
  });

  it('give a signal that comes and goes one place among those that may be let go', () => {
    const links = new AbortLinks();
    const signals = Array.from({ length: 7 }, () => new AbortController().signal);
    const call = createCall('call', []);
    const use = (signal: AbortSignal): void => {
      links.add(signal, call);
      links.remove(signal, call);
    };
    for (const signal of signals) use(signal);
    const { signal: busy } = new AbortController();
    for (let time = 0; time < 20; time++) use(busy);
    expect([...signals, busy].map(countListeners)).toEqual(Array(8).fill(1));
  });

  it('let go of a signal that was in use again when its turn came, and hear it when it comes back', () => {
    const links = new AbortLinks();
    const heard: string[] = [];
    const controller = new AbortController();
    const { signal } = controller;
    const call = createCall('call', heard);
    const useOthers = (): void => {
      for (let other = 0; other < 20; other++) {
        const { signal: passing } = new AbortController();
        links.add(passing, call);
        links.remove(passing, call);
      }
    };
    links.add(signal, call);
    links.remove(signal, call);
    links.add(signal, call);
    useOthers();
    links.remove(signal, call);
    useOthers();
    expect(countListeners(signal)).toBe(0);
    links.add(signal, call);
    expect(countListeners(signal)).toBe(1);
    controller.abort();
    expect(heard).toEqual(['call']);
  });

  it('keep a signal that is in use again', () => {
    const links = new AbortLinks();
    const heard: string[] = [];
    const controller = new AbortController();
    const call = createCall('call', heard);
    links.add(controller.signal, call);
    links.remove(controller.signal, call);
    links.add(controller.signal, call);
    for (let other = 0; other < 20; other++) {
      const { signal } = new AbortController();
      links.add(signal, call);
      links.remove(signal, call);
    }
    controller.abort('gone');
    expect(heard).toEqual(['call']);
  });
});
