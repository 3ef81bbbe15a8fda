import { ManualClock } from '@breakwater/kernel';
import { describe, expect, it } from 'vitest';
import { diffTyping, KEYSYMS, type Keystroke, LAYOUTS, planTyping, toKeysym } from './key-layouts.ts';
import { startTyping } from './typing-run.ts';

const plan = (text: string, layout: (typeof LAYOUTS)[number], lineEnd: 'enter' | 'space' = 'enter') =>
  planTyping(text, { layout, lineEnd });

describe('typing on a layout', () => {
  it('types on a US keyboard what it says', () => {
    expect(plan('aA1!', 'us').strokes).toEqual([
      { keysym: 0x61, code: 'KeyA', modifier: 'none' },
      { keysym: 0x41, code: 'KeyA', modifier: 'shift' },
      { keysym: 0x31, code: 'Digit1', modifier: 'none' },
      { keysym: 0x21, code: 'Digit1', modifier: 'shift' },
    ]);
  });

  it('presses the key where the character stands on the layout of the machine', () => {
    expect(plan('z', 'de').strokes).toEqual([{ keysym: 'y'.charCodeAt(0), code: 'KeyY', modifier: 'none' }]);
    expect(plan('@', 'de').strokes).toEqual([{ keysym: 'q'.charCodeAt(0), code: 'KeyQ', modifier: 'alt-gr' }]);
    expect(plan('a', 'fr').strokes[0]?.code).toBe('KeyQ');
    expect(plan('1', 'fr').strokes[0]).toMatchObject({ code: 'Digit1', modifier: 'shift' });
    expect(plan('ñ', 'es').strokes[0]?.code).toBe('Semicolon');
    expect(plan('привет', 'ru').strokes.map((stroke) => stroke.code)).toEqual(['KeyG', 'KeyH', 'KeyB', 'KeyD', 'KeyT', 'KeyN']);
  });

  it('has the whole keyboard in every layout', () => {
    const latin = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 -_=+.,:;/?!"()*%&$';
    for (const layout of ['us', 'uk', 'de', 'fr', 'es'] as const) expect(plan(latin, layout).unsendable, layout).toEqual([]);
    const cyrillic = 'абвгдеёжзийклмнопрстуфхцчшщъыьэюяАБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ0123456789.,';
    expect(plan(cyrillic, 'ru').unsendable).toEqual([]);
  });

  it('reaches accented letters and lone marks by dead keys, which the letter follows', () => {
    const keysOf = (text: string, layout: (typeof LAYOUTS)[number]) =>
      plan(text, layout).strokes.map(({ code, modifier }) => (modifier === 'none' ? code : `${modifier}+${code}`));
    expect(keysOf('é', 'es')).toEqual(['Quote', 'KeyE']);
    expect(keysOf('Ü', 'es')).toEqual(['shift+Quote', 'shift+KeyU']);
    expect(keysOf('ê', 'fr')).toEqual(['BracketLeft', 'KeyE']);
    expect(keysOf('à', 'de')).toEqual(['shift+Equal', 'KeyA']);
    expect(keysOf('^`', 'de')).toEqual(['Backquote', 'Space', 'shift+Equal', 'Space']);
    expect(keysOf('^`', 'es')).toEqual(['shift+BracketLeft', 'Space', 'BracketLeft', 'Space']);
    // Keys of their own are better than two strokes.
    expect(keysOf('éàü', 'fr')).toEqual(['Digit2', 'Digit0', 'shift+BracketLeft', 'KeyU']);
    expect(keysOf('ü^', 'de')[0]).toBe('BracketLeft');
    for (const [text, layout] of [
      ['áéíóúüñÁÉÍÓÚÜÑ¿¡', 'es'],
      ['àâçéèêëîïôùûÂÊËÎÏÔÛ', 'fr'],
      ['äöüßÄÖÜéèê^`', 'de'],
    ] as const) {
      expect(plan(text, layout).unsendable, layout).toEqual([]);
    }
  });

  it('counts characters, not strokes, and takes letter and mark for one', () => {
    expect(plan('cafe\u0301', 'es')).toMatchObject({ typedCount: 4, unsendable: [] });
    expect(plan('cafe\u0301', 'es').strokes).toHaveLength(5);
  });

  it('leaves out a mark that systems print differently', () => {
    expect(plan('´¨', 'es').unsendable).toEqual(['´', '¨']);
    expect(plan('~`', 'fr').unsendable).toEqual(['~', '`']);
  });

  it('lists each character once that cannot be typed, and types the rest', () => {
    const { strokes, unsendable } = plan('a€b€ё', 'us');
    expect(unsendable).toEqual(['€', 'ё']);
    expect(strokes).toHaveLength(2);
    expect(plan('a', 'ru').unsendable).toEqual(['a']);
  });

  it('presses Enter once for each kind of line break, or types a space', () => {
    expect(plan('a\r\nb\rc', 'us').strokes.map((stroke) => stroke.keysym)).toEqual([0x61, KEYSYMS.Return, 0x62, KEYSYMS.Return, 0x63]);
    expect(plan('a\nb', 'us', 'space').strokes[1]?.keysym).toBe(0x20);
  });

  it('never maps a character to no key', () => {
    for (const layout of LAYOUTS) {
      for (const { keysym, code } of plan('\t aàéñß€@#[]{}|~^яЯ', layout).strokes) {
        expect(Number.isFinite(keysym), layout).toBe(true);
        expect(code, layout).not.toBe('');
      }
    }
  });

  it('knows the symbols of characters outside Latin-1', () => {
    expect(toKeysym('a')).toBe(0x61);
    expect(toKeysym('я')).toBe(0x0100_044f);
    expect(toKeysym('\n')).toBe(KEYSYMS.Return);
  });

  it('reads from a field what a soft keyboard did', () => {
    expect(diffTyping('helo', 'hello')).toEqual({ removed: 1, added: 'lo' });
    expect(diffTyping('ab', '')).toEqual({ removed: 2, added: '' });
    expect(diffTyping('', '😀x')).toEqual({ removed: 0, added: '😀x' });
  });
});

describe('a typing run', () => {
  it('types one key every 30 ms and tells how far it is', async () => {
    const clock = new ManualClock();
    const typed: Keystroke[] = [];
    const seen: string[] = [];
    startTyping(plan('abc', 'us').strokes, {
      clock,
      type: (stroke) => typed.push(stroke),
      onProgress: ({ done, state }) => seen.push(`${done} ${state}`),
    });
    expect(typed).toHaveLength(1);
    await clock.advance(60);
    expect(seen).toEqual(['1 typing', '2 typing', '3 done']);
  });

  it('types nothing more after stop', async () => {
    const clock = new ManualClock();
    const typed: Keystroke[] = [];
    const run = startTyping(plan('abcdef', 'us').strokes, { clock, type: (stroke) => typed.push(stroke), onProgress: () => {} });
    await clock.advance(30);
    run.stop();
    await clock.advance(1_000);
    expect(typed).toHaveLength(2);
    expect(run.state).toBe('stopped');
  });
});
